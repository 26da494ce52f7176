import { describe, expect, it, test } from 'vitest';
import { stepDownOptions, type StepDownOptions } from '../../src/commands/step-down.ts';

const options = (words: string[], env = {}) => stepDownOptions(words, env) as StepDownOptions;

it('needs a lock, and has these defaults', () => {
  expect(options(['--lock', 'job'])).toMatchObject({
    lock: 'job',
    lockKind: 'lease',
    waitMs: undefined,
    force: false,
    yes: false,
    requestTimeoutMs: 5_000,
  });
  expect(() => options([])).toThrow('no lock given');
});

it('reads what it shares with run from the same variables, and --wait from none', () => {
  const env = { K8S_LEADER_LOCK: 'job', K8S_LEADER_WAIT: '5s' };
  expect(options([], env)).toMatchObject({ lock: 'job', waitMs: undefined });
});

test.each([
  [['--wait', '1m'], { waitMs: 60_000 }],
  [['--force'], { force: true }],
  [['--force', '-y'], { force: true, yes: true }],
])('understands %j', (words, expected) => {
  expect(options(['--lock=job', ...words])).toMatchObject(expected);
});

describe('refuses', () => {
  test.each([
    [['--yes'], '--yes needs --force'],
    [['--force', '--wait', '1s'], '--force and --wait exclude each other'],
    [['--wait', '0'], 'must be longer than 0'],
    [['--once', 'k'], 'unknown option'],
  ])('%j', (words, says) => {
    expect(() => options(['--lock=job', ...words])).toThrow(says);
  });
});

it('explains itself in 80 columns', () => {
  const help = stepDownOptions(['--help'], {}) as { text: string };
  expect(help.text.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
