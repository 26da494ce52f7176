import { describe, expect, it, test } from 'vitest';
import { environmentWithoutOurs, type Environment } from '../../src/cli/settings.ts';
import { parse } from '../../src/cli/parse.ts';
import type { RunOptions } from '../../src/cli/run-options.ts';

/** Set by the kubelet in every pod next to a Service called k8s-leader. */
const serviceVariables = {
  K8S_LEADER_SERVICE_HOST: '10.0.0.1',
  K8S_LEADER_SERVICE_PORT: '443',
  K8S_LEADER_PORT: 'tcp://10.0.0.1:443',
  K8S_LEADER_PORT_443_TCP_PROTO: 'tcp',
};

describe('a variable says what its flag says:', () => {
  test.each<[name: string, value: string, expected: Partial<RunOptions>]>([
    ['LOCK', 'other', { lock: 'other' }],
    ['NAMESPACE', 'jobs', { namespace: 'jobs' }],
    ['IDENTITY', 'me', { identity: 'me' }],
    ['BACKEND', 'local', { backend: 'local' }],
    ['LOCK_KIND', 'configmap', { lockKind: 'configmap' }],
    ['RENEW_DEADLINE', '9s', { requestTimeoutMs: 4_500 }],
    ['RETRY_PERIOD', '1s', { timing: timing({ retryPeriodMs: 1_000 }) }],
    ['LEASE_DURATION', '20s', { timing: timing({ leaseDurationMs: 20_000 }) }],
    ['WAIT', '1m', { patience: { kind: 'wait', waitMs: 60_000 } }],
    ['CONFLICT_EXIT_CODE', '1', { conflictExitCode: 1 }],
    ['STOP_SIGNAL', 'INT', { stopSignal: 'SIGINT' }],
    ['STOP_TIMEOUT', '5', { stopTimeoutMs: 5_000 }],
    ['ON_LOST', 'rejoin', { onLost: 'rejoin' }],
    ['LOST_EXIT_CODE', '2', { lostExitCode: 2 }],
    ['REQUEST_TIMEOUT', '3s', { requestTimeoutMs: 3_000 }],
    ['KUBECONFIG', '/k', { kubeconfig: '/k' }],
    ['CONTEXT', 'c', { context: 'c' }],
    ['LOG_FORMAT', 'json', { logFormat: 'json' }],
    ['LOG_LEVEL', 'warn', { logLevel: 'warn' }],
    ...['1', 'true', 'TRUE', 'yes', 'on'].flatMap(
      (yes): [string, string, Partial<RunOptions>][] => [
        ['TRY', yes, { patience: { kind: 'try' } }],
        ['QUIET', yes, { logLevel: 'error' }],
        ['DISABLE', yes, { disable: true }],
      ],
    ),
    ...['0', 'false', 'no', 'Off', ''].flatMap((no): [string, string, Partial<RunOptions>][] => [
      ['TRY', no, { patience: { kind: 'forever' } }],
      ['QUIET', no, { logLevel: 'info' }],
      ['DISABLE', no, { disable: false }],
    ]),
  ])('K8S_LEADER_%s=%s', (name, value, expected) => {
    const env = { K8S_LEADER_LOCK: 'demo', [`K8S_LEADER_${name}`]: value };
    expect(run(['true'], env)).toMatchObject(expected);
  });

  test('K8S_LEADER_LOCAL_FILE with K8S_LEADER_BACKEND', () => {
    const env = { K8S_LEADER_BACKEND: 'local', K8S_LEADER_LOCAL_FILE: '/x.db' };
    expect(run(['--lock', 'demo', 'true'], env)).toMatchObject({ localFile: '/x.db' });
  });
});

it('a flag wins over its variable, even over a malformed one', () => {
  const env = { K8S_LEADER_LOCK: 'NOT VALID', K8S_LEADER_WAIT: 'x', K8S_LEADER_QUIET: 'x' };
  const options = run(['--lock', 'demo', '--wait', '1m', '--quiet', 'true'], env);
  expect(options).toMatchObject({ lock: 'demo', logLevel: 'error' });
});

describe('a flag wins over the variable that says the opposite:', () => {
  test.each<[words: string[], env: Environment, expected: Partial<RunOptions>]>([
    [['--try'], { K8S_LEADER_WAIT: '1m' }, { patience: { kind: 'try' } }],
    [['--wait', '1m'], { K8S_LEADER_TRY: '1' }, { patience: { kind: 'wait', waitMs: 60_000 } }],
    [['--quiet'], { K8S_LEADER_LOG_LEVEL: 'debug' }, { logLevel: 'error' }],
    [['--log-level', 'debug'], { K8S_LEADER_QUIET: '1' }, { logLevel: 'debug' }],
  ])('%j over %j', (words, env, expected) => {
    expect(run(['--lock', 'demo', ...words, 'true'], env)).toMatchObject(expected);
  });
});

it('an empty variable counts as none', () => {
  const env = { K8S_LEADER_NAMESPACE: '', K8S_LEADER_WAIT: '', K8S_LEADER_BACKEND: '' };
  expect(run(['--lock', 'demo', 'true'], env)).toEqual(run(['--lock', 'demo', 'true'], {}));
});

it('ignores variables that Kubernetes sets for a Service of the same name', () => {
  expect(run(['--lock', 'demo', 'true'], serviceVariables)).toEqual(
    run(['--lock', 'demo', 'true'], {}),
  );
});

describe('a malformed variable is refused by its own name:', () => {
  test.each([
    ['K8S_LEADER_LOCK', 'Nightly', "K8S_LEADER_LOCK 'Nightly': a lock name has"],
    ['K8S_LEADER_TRY', 'maybe', "K8S_LEADER_TRY 'maybe': neither yes nor no"],
    ['K8S_LEADER_DISABLE', '2', "K8S_LEADER_DISABLE '2': neither yes nor no"],
    ['K8S_LEADER_QUIET', ' ', "K8S_LEADER_QUIET ' ': neither yes nor no"],
    ['K8S_LEADER_WAIT', '-1s', "K8S_LEADER_WAIT '-1s': not a duration"],
    ['K8S_LEADER_LEASE_DURATION', '10s', "K8S_LEADER_LEASE_DURATION '10s': the renew deadline"],
    ['K8S_LEADER_IDENTITY', 'a\nb', "K8S_LEADER_IDENTITY 'a\\nb': it has control characters"],
    ['K8S_LEADER_LOCAL_FILE', 'x', 'K8S_LEADER_LOCAL_FILE needs --backend local'],
    ['K8S_LEADER_LOCK_KIND', 'leases', "K8S_LEADER_LOCK_KIND 'leases': not one of the choices"],
  ])('%s=%j', (name, value, message) => {
    const env = { K8S_LEADER_LOCK: 'demo', [name]: value };
    expect(() => run(['true'], env)).toThrow(message);
  });

  test('two that exclude each other', () => {
    const env = { K8S_LEADER_TRY: 'yes', K8S_LEADER_WAIT: '1m' };
    expect(() => run(['--lock', 'demo', 'true'], env)).toThrow(
      'K8S_LEADER_TRY and K8S_LEADER_WAIT exclude each other',
    );
  });
});

it('CMD inherits every variable but those that a flag has', () => {
  const others = { PATH: '/bin', K8S_LEADER: 'x', K8S_LEADER_UNKNOWN: 'x', ...serviceVariables };
  const ours = { K8S_LEADER_LOCK: 'demo', K8S_LEADER_IDENTITY: 'me', K8S_LEADER_STOP_TIMEOUT: '' };
  expect(environmentWithoutOurs({ ...others, ...ours })).toEqual(others);
});

function timing(changed: Partial<RunOptions['timing']>): RunOptions['timing'] {
  return { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000, ...changed };
}

function run(words: string[], env: Environment): RunOptions {
  const invocation = parse(['run', ...words], env, { version: '1.2.3' });
  if (invocation.kind !== 'run') throw new Error('help instead of a run');
  return invocation.options;
}
