import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { besides, programsHere } from '../../../src/commands/doctor/beside.ts';
import { doctorOptions } from '../../../src/commands/doctor/doctor.ts';
import type { DoctorOptions } from '../../../src/commands/doctor/target.ts';

const run = [
  'k8s-leader',
  'run',
  '--lock=demo',
  '--stop-timeout=60s',
  '--',
  './worker',
  '--secret',
];
const tini = ['tini', '--', ...run];

function told(programs: string[][], given = ['--lock', 'demo'], env = {}): string | undefined {
  const options = doctorOptions(given, env) as DoctorOptions;
  return besides(programs, options, env, doctorOptions)?.text;
}

test('what the wrapper here was told otherwise is said, without its command', () => {
  const says = 'the k8s-leader here runs with others: --lock=demo --stop-timeout=60s';
  expect(told([tini, run])).toBe(says);
  expect(told([['node', '/app/bin/k8s-leader.js', ...run.slice(1)]])).toBe(says);
  const bare = ['k8s-leader', 'run', '--lock=demo', '--stop-timeout=60s', './worker', '--secret'];
  expect(told([bare])).toBe(says);
});

test.for<[why: string, programs: string[][], given?: string[], env?: object]>([
  ['the same options, in other words', [run], ['--stop-timeout', '1m', '--lock', 'demo']],
  ['options that no check depends on', [['k8s-leader', 'run', '--lock=demo', '--listen=:80', 'x']]],
  ['a variable that both have', [['k8s-leader', 'run', 'x']], [], { K8S_LEADER_LOCK: 'demo' }],
  ['another lock', [run], ['--lock', 'other']],
  ['what is not understood', [['k8s-leader', 'run', '--lock=demo', '--sotp=1s', 'x']]],
  ['other programs', [['sh', 'run', '--lock=demo', '--stop-timeout=60s'], ['run'], []]],
])('nothing is said of %s', ([, programs, given, env]) => {
  expect(told(programs, given, env)).toBeUndefined();
});

test('PID 1 comes first among what is looked at', () => {
  const first = readFileSync('/proc/1/cmdline', 'utf8').split('\0').slice(0, -1);
  expect(programsHere()[0]).toEqual(first);
});
