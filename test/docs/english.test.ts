/** Phrases that the texts for users once had, and for which there are plainer ones. */
import { describe, expect, test } from 'vitest';
import { spellings } from '../../src/commands/index.ts';
import { wholeProgram } from '../../src/commands/program.ts';
import { pages, scripts, textOf } from './support/pages.ts';

const all = await spellings();

const clumsy = [
  'another one shall lead',
  'as long as it takes',
  'beside a plain',
  'both ever',
  'cannot be meant',
  'come of it',
  'for ever',
  'has those of the field',
  'is to succeed',
  'leads to the leader',
  'of that very',
  'one line puts',
  'prevents that',
  'so do we',
  'something is wrong with the flags',
  'that a signal opens',
  'those reach who',
  'waiting until it can be',
  'what is dear',
  'who finds it',
  'by hand of',
  ' shall ',
  ' till ',
];

function helpOf(): string {
  const { commands } = wholeProgram(all, () => undefined);
  return commands.map((command) => command.helpInformation()).join('\n');
}

const texts = [...pages, ...scripts, 'SECURITY.md', 'CONTRIBUTING.md', 'man/k8s-leader.1'];

describe('plain English', () => {
  test.each([...texts.map((file) => [file, textOf(file)] as const), ['help', helpOf()] as const])(
    'in %s',
    (_, text) => {
      const words = text.toLowerCase().replaceAll(/\s+/g, ' ');
      expect(clumsy.filter((phrase) => words.includes(phrase))).toEqual([]);
    },
  );
});

test('the README is short: at most 700 words besides its tables and pictures', () => {
  const words = textOf('README.md')
    .replaceAll(/<picture>.*?<\/picture>/gs, '')
    .split('\n')
    .filter((line) => !line.startsWith('|'))
    .join(' ')
    .split(/\s+/);
  expect(words.length).toBeLessThanOrEqual(700);
});
