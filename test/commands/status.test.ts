import { describe, expect, it, test } from 'vitest';
import { statusOptions, type StatusOptions } from '../../src/commands/status.ts';
import { UsageError } from '../../src/errors.ts';

const options = (words: string[], env = {}): StatusOptions => {
  const read = statusOptions(words, env);
  if ('text' in read) throw new Error('help');
  return read;
};

it('looks once at a Lease, and tells people', () => {
  expect(options(['--lock', 'demo'])).toEqual({
    lock: 'demo',
    namespace: undefined,
    backend: 'kubernetes',
    lockKind: 'lease',
    localFile: undefined,
    kubeconfig: undefined,
    context: undefined,
    given: { insecure: false },
    output: 'text',
    watch: false,
    history: false,
    requestTimeoutMs: 5_000,
  });
});

describe('understands', () => {
  test.each<[words: string, expected: Partial<StatusOptions>]>([
    ['-o json', { output: 'json' }],
    ['-o yaml', { output: 'yaml' }],
    ['--output=json --watch', { output: 'json', watch: true }],
    ['-w', { watch: true }],
    ['--history', { history: true }],
    ['-o wide', { output: 'wide' }],
    ['--history -o yaml', { history: true, output: 'yaml' }],
    ['-n jobs --context c --kubeconfig k', { namespace: 'jobs', context: 'c', kubeconfig: 'k' }],
    ['--backend local --local-file /x', { backend: 'local', localFile: '/x' }],
    ['--request-timeout 1s', { requestTimeoutMs: 1_000 }],
  ])('%s', (words, expected) => {
    expect(options(['--lock', 'demo', ...words.split(' ')])).toMatchObject(expected);
  });

  test('the variables of run, and none of its other flags', () => {
    const env = { K8S_LEADER_LOCK: 'demo', K8S_LEADER_BACKEND: 'local', K8S_LEADER_WAIT: 'x' };
    expect(options([], env)).toMatchObject({ lock: 'demo', backend: 'local' });
  });
});

describe('refuses', () => {
  test.each<[words: string[], says: string]>([
    [[], 'no lock given'],
    [['--lock', 'X'], "--lock 'X'"],
    [['--lock', 'x', '-o', 'yaml', '-w'], '-o yaml does not work with --watch'],
    [['--lock', 'x', '-o', 'wide', '-w'], '-o wide does not work with --watch'],
    [['--lock', 'x', '--history', '-w'], '--history does not work with --watch'],
    [['--lock', 'x', '-o', 'xml'], "--output 'xml': not one of the choices"],
    [['--lock', 'x', '--try'], "unknown option '--try'"],
    [['--lock', 'x', 'y'], "unexpected word 'y'"],
    [['-lock', 'x'], "unknown option '-lock'"],
    [['-output', 'json', '--lock', 'x'], "unknown option '-output'"],
    [['--lock', 'x', '--local-file', 'y'], '--local-file needs --backend local'],
  ])('%j', (words, says) => {
    expect(() => options(words)).toThrow(UsageError);
    expect(() => options(words)).toThrow(says);
  });
});

test('help fits into 80 columns', () => {
  const read = statusOptions(['-h'], {});
  const text = 'text' in read ? read.text : '';
  expect(text).toMatch(/^Usage: k8s-leader status --lock NAME/);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test.each([
  [['p'], 'did you mean --lock p?'],
  [['--lock', 'x', 'p'], /^k8s-leader status --help/],
])('a word that belongs nowhere, %j, is taken for what it may be', (words, hint) => {
  try {
    options(words);
  } catch (thrown) {
    expect((thrown as UsageError).hint).toMatch(hint);
    return;
  }
  expect.unreachable();
});
