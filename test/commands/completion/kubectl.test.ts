/** What `kubectl leader` completes, in the protocol of kubectl's plugins. */
import { expect, test } from 'vitest';
import { flags } from '../../../src/cli/flags.ts';
import { outline } from '../../../src/commands/index.ts';
import { subcommands } from '../../../src/cli/subcommands.ts';
import { kubectlCompletion } from '../../../src/commands/completion/kubectl.ts';

const commands = await outline();

const offered = (words: string[]) =>
  kubectlCompletion(commands, words)
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0]);

test.each<[words: string[], offered: string[]]>([
  [[''], ['run', ...Object.keys(subcommands), ':4']],
  [['st'], ['status', 'step-down', ':4']],
  [['walk', ''], [':4']],
  [
    ['run', '--lock-'],
    ['--lock-kind', ':4'],
  ],
  [
    ['run', '--on-lost', ''],
    ['exit', 'rejoin', ':4'],
  ],
  [
    ['run', '--on-lost=re'],
    ['--on-lost=rejoin', ':4'],
  ],
  [['run', '--kubeconfig', ''], [':0']],
  [['run', '--kubeconfig=x'], [':0']],
  [['run', '-l', ''], [':4']],
  [['run', '-l', 'x', ''], [':0']],
  [['run', '-q', '--', ''], [':0']],
  [['run', '-l', 'x', 'cat', '--lo'], [':0']],
  [
    ['status', '-o', 'j'],
    ['json', ':4'],
  ],
  [['status', ''], [':4']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish', ':4'],
  ],
  [['completion', 'bash', ''], [':4']],
])('%j', (words, candidates) => {
  expect(offered(words)).toEqual(candidates);
});

test('every flag of run, with what it is for', () => {
  expect(offered(['run', '--'])).toEqual(
    [...flags, 'help'].map((flag) => `--${flag}`).concat(':4'),
  );
  expect(kubectlCompletion(commands, ['run', '--try'])).toMatch(/^--try\t\S.*\n:4\n$/);
});
