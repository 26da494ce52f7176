import { describe, expect, it, test } from 'vitest';
import { flags } from '../../src/cli/flags.ts';
import { parse } from '../../src/cli/parse.ts';
import { spokenTo } from '../../src/cli/spoken.ts';
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

describe('help is also a word:', () => {
  test.each<[words: string[], flags: string[]]>([
    [['help'], ['--help']],
    [['help', 'help'], ['--help']],
    [
      ['help', 'run'],
      ['run', '--help'],
    ],
    [
      ['help', 'run', '--lock'],
      ['run', '--help'],
    ],
    [
      ['help', 'status'],
      ['status', '--help'],
    ],
  ])('%j is %j', (words, flags) => {
    expect(parse(words, {}, { version: '1' })).toEqual(parse(flags, {}, { version: '1' }));
  });

  it('is what comes of nothing at all, unasked', () => {
    const text = textOf(['--help']);
    expect(parse([], {}, { version: '1' })).toEqual({ kind: 'text', text, isUnasked: true });
  });
});

test.each([['--version'], ['-V'], ['version']])('%s is the version and nothing else', (word) => {
  expect(textOf([word])).toBe('1.2.3\n');
});

describe('for whoever calls it by kubectl', () => {
  const spoken = (text: string) => spokenTo('kubectl-leader', text);

  test('help says so', () => {
    for (const argv of [['--help'], ['run', '--help']]) {
      expect(spoken(textOf(argv))).toMatch(/^Usage: kubectl leader /);
      expect(spoken(textOf(argv))).not.toContain('k8s-leader run');
      expect(spokenTo('k8s-leader', textOf(argv))).toBe(textOf(argv));
    }
  });

  test.each([
    ['k8s-leader --help lists the commands', 'kubectl leader --help lists the commands'],
    ['kubectl exec x -- k8s-leader doctor', 'kubectl exec x -- k8s-leader doctor'],
    ['leader: k8s-leader runs', 'leader: k8s-leader runs'],
  ])('%s: %s', (text, said) => {
    expect(spoken(text)).toBe(said);
  });
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
