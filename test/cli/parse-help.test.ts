import { describe, expect, it, test } from 'vitest';
import { flags } from '../../src/cli/flags.ts';
import { parse } from '../../src/cli/parse.ts';
import { subcommands } from '../../src/cli/subcommands.ts';
import { exitCode } from '../../src/exit-code.ts';

describe('help is text for', () => {
  test.each([
    ['run', ['run', '--help']],
    ['run, in short', ['run', '-h']],
    ['run, after other flags', ['run', '-q', '--lock', 'demo', '--help']],
    ['run, in a group of short flags', ['run', '-qh']],
  ])('%s, in 80 columns', (_, argv) => {
    const text = textOf(argv);
    expect(text).toMatch(/^Usage: k8s-leader run --lock NAME/);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(text).toMatch(/\S\n$/);
  });
});

describe('help of the program', () => {
  test.each([['--help'], ['-h']])('%s lists the commands, in 80 columns', (flag) => {
    const text = textOf([flag]);
    expect(text).toMatch(/^Usage: k8s-leader COMMAND/);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const [, listed = ''] = /Commands:\n((?: {2}.+\n)+)/.exec(text) ?? [];
    const names = [...listed.matchAll(/^ {2}(\S+) {2,}\S/gm)].map(([, name]) => name);
    expect(names).toEqual(['run', ...Object.keys(subcommands)]);
  });

  it('gives examples that are understood', () => {
    const examples = [...textOf(['--help']).matchAll(/^ {2}k8s-leader (.+)$/gm)];
    const kinds = examples.map(
      ([, line = '']) => parse(line.split(' '), {}, { version: '1' }).kind,
    );
    expect(kinds).toEqual(['run', 'subcommand']);
  });
});

test.each([['--version'], ['-V']])('%s is the version and nothing else', (flag) => {
  expect(textOf([flag])).toBe('1.2.3\n');
});

it('explains every flag, and no other', () => {
  const explained = [...textOf(['run', '--help']).matchAll(/^ +(?:-\w, )?--([a-z-]+)/gm)];
  expect(explained.map(([, name]) => name)).toEqual([...flags, 'help']);
});

it('explains every exit status of ours', () => {
  const explained = [...textOf(['run', '--help']).matchAll(/^ {2}(\d+) {2}/gm)];
  expect(explained.map(([, status]) => Number(status))).toEqual(Object.values(exitCode));
});

it('gives examples that are understood', () => {
  const examples = [...textOf(['run', '--help']).matchAll(/^ {4}k8s-leader (.+)$/gm)];
  expect(examples.length).toBeGreaterThanOrEqual(3);
  for (const [, line = ''] of examples)
    expect(parse(line.split(' '), {}, { version: '1.2.3' }).kind).toBe('run');
});

it('says the defaults that are in force', () => {
  const entries = textOf(['run', '--help']).split(/\n(?= +(?:-\w, )?--)/);
  const argv = entries.flatMap((entry) => {
    const [, flag = '', value = ''] =
      /(--\S+) [A-Z]+ .*\(default: (\w+)\)/.exec(entry.replaceAll(/\s+/g, ' ')) ?? [];
    return value === '' || value === 'never' ? [] : [flag, value];
  });
  expect(argv.length / 2).toBe(13);
  const run = (...more: string[]) =>
    parse(['run', '--lock', 'demo', ...more, 'true'], {}, { version: '1.2.3' });
  expect(run(...argv)).toEqual(run());
});

function textOf(argv: string[]): string {
  const invocation = parse(argv, {}, { version: '1.2.3' });
  if (invocation.kind !== 'text') throw new Error('not a text');
  return invocation.text;
}
