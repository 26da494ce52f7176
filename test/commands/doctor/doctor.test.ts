import { describe, expect, it, test } from 'vitest';
import { doctorOptions } from '../../../src/commands/doctor/doctor.ts';
import type { DoctorOptions } from '../../../src/commands/doctor/target.ts';
import { flags } from '../../../src/cli/flags.ts';
import { parse } from '../../../src/cli/parse.ts';
import { UsageError } from '../../../src/errors.ts';

const options = (words: string[], env = {}): DoctorOptions => {
  const read = doctorOptions(words, env);
  if ('text' in read) throw new Error('help');
  return read;
};

it('takes every command line of run, and understands it as run does', () => {
  const words = [
    '--lock',
    'demo',
    '--try',
    '-n',
    'jobs',
    '--retry-period=1s',
    'ls',
    '-l',
    '--help',
  ];
  const run = parse(['run', ...words], {}, { version: '1' });
  const expected = run.kind === 'run' ? run.options : undefined;
  expect(options(words)).toMatchObject({ ...expected, podLabel: false, command: 'ls' });
});

it('can do without CMD', () => {
  expect(options(['--lock', 'demo']).command).toBeUndefined();
});

it('reads the variables of run', () => {
  const env = { K8S_LEADER_LOCK: 'demo', K8S_LEADER_STOP_TIMEOUT: '5s' };
  expect(options([], env)).toMatchObject({ lock: 'demo', stopTimeoutMs: 5_000 });
});

describe('refuses', () => {
  test.each<[words: string[], says: string]>([
    [[], 'no lock given'],
    [['--disable', 'ls'], 'no lock given'],
    [['--lock', 'x', '--lease-duration', '5s'], 'the renew deadline (10s) must be shorter'],
    [['--lock', 'x', '--lok', 'y'], "unknown option '--lok'"],
  ])('%j', (words, says) => {
    expect(() => options(words)).toThrow(UsageError);
    expect(() => options(words)).toThrow(says);
  });
});

test('help fits into 80 columns and has what matters here', () => {
  const read = doctorOptions(['-h'], {});
  const text = 'text' in read ? read.text : '';
  expect(text).toMatch(/^Usage: k8s-leader doctor --lock NAME/);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const explained = [...text.matchAll(/^ +(?:-\w, )?--([a-z-]+)/gm)].map(([, name]) => name);
  expect(explained.length).toBeLessThan(flags.length);
  expect(explained).toEqual(expect.arrayContaining(['lock', 'stop-timeout', 'help']));
});
