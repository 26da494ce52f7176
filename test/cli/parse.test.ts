import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { flags } from '../../src/cli/flags.ts';
import { parse } from '../../src/cli/parse.ts';
import type { RunOptions } from '../../src/cli/run-options.ts';
import { UsageError } from '../../src/errors.ts';

const defaults: RunOptions = {
  lock: 'demo',
  namespace: undefined,
  identity: undefined,
  backend: 'kubernetes',
  lockKind: 'lease',
  localFile: undefined,
  timing: { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
  takeoverOnExit: false,
  patience: { kind: 'forever' },
  conflictExitCode: 75,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 25_000,
  once: undefined,
  minHoldMs: 0,
  onLost: 'exit',
  guard: 'auto',
  lostExitCode: 79,
  requestTimeoutMs: 5_000,
  kubeconfig: undefined,
  context: undefined,
  given: { insecure: false },
  events: true,
  history: true,
  listen: undefined,
  owner: undefined,
  podLabel: undefined,
  timeLeft: undefined,
  logFormat: 'text',
  logLevel: 'info',
  disable: false,
  warnings: [],
  command: ['true'],
};

it('fills in the documented defaults', () => {
  expect(run('--lock', 'demo', '--', 'true')).toEqual(defaults);
});

describe('understands', () => {
  const cases: [line: string, expected: Partial<RunOptions>][] = [
    ['-l other', { lock: 'other' }],
    ['--takeover-on-exit', { takeoverOnExit: true }],
    [
      '--takeover-on-exit --wait 5s',
      { takeoverOnExit: true, patience: { kind: 'wait', waitMs: 5_000 }, warnings: [] },
    ],
    ['--time-left /run/left', { timeLeft: '/run/left' }],
    ['--time-left left', { timeLeft: join(process.cwd(), 'left') }],
    ['-lother', { lock: 'other' }],
    ['--lock=other', { lock: 'other' }],
    ['--lock a.b-c.1', { lock: 'a.b-c.1' }],
    [`--lock ${'a'.repeat(253)}`, { lock: 'a'.repeat(253) }],
    ['--namespace jobs', { namespace: 'jobs' }],
    ['-n jobs', { namespace: 'jobs' }],
    [`-n ${'n'.repeat(63)}`, { namespace: 'n'.repeat(63) }],
    ['--identity größe-λ-🦊', { identity: 'größe-λ-🦊' }],
    ['-i me', { identity: 'me' }],
    ['--no-history', { history: false }],
    [
      '-s https://a:1 --token t.t --as u --as-group g',
      { given: { server: 'https://a:1', token: 't.t', insecure: false, as: 'u', asGroup: 'g' } },
    ],
    ['--server http://a', { given: { server: 'http://a', insecure: false } }],
    ['--insecure-skip-tls-verify', { given: { insecure: true } }],
    ['--backend local', { backend: 'local', events: false }],
    [
      '--backend local --local-file ./x.db',
      { backend: 'local', events: false, localFile: './x.db' },
    ],
    ['--lock-kind lease', {}],
    ['--once v42', { once: 'v42' }],
    [`--once ${'k'.repeat(100)}`, { once: 'k'.repeat(100) }],
    ['--min-hold 55s', { minHoldMs: 55_000 }],
    ['--lock-kind configmap', { lockKind: 'configmap' }],
    ['--lock-kind secret', { lockKind: 'secret' }],
    ['--lock-kind configmap+lease', { lockKind: 'configmap+lease' }],
    ['--pod-label leader', { podLabel: { key: 'leader', value: 'true' } }],
    ['--pod-label Role.of_it=a.B-c', { podLabel: { key: 'Role.of_it', value: 'a.B-c' } }],
    ['--pod-label example.com/role=', { podLabel: { key: 'example.com/role', value: '' } }],
    ['--try', { patience: { kind: 'try' } }],
    ['--wait 5m', { patience: { kind: 'wait', waitMs: 300_000 } }],
    ['--wait 20', { patience: { kind: 'wait', waitMs: 20_000 } }],
    ['--conflict-exit-code 0', { conflictExitCode: 0 }],
    ['--conflict-exit-code 255', { conflictExitCode: 255 }],
    ['--stop-signal INT', { stopSignal: 'SIGINT' }],
    ['--stop-signal SIGQUIT', { stopSignal: 'SIGQUIT' }],
    ['--stop-signal usr1', { stopSignal: 'SIGUSR1' }],
    ['--stop-signal KILL', { stopSignal: 'SIGKILL' }],
    ['--stop-signal WINCH', { stopSignal: 'SIGWINCH' }],
    ['--stop-timeout 1h30m', { stopTimeoutMs: 5_400_000 }],
    ['--on-lost rejoin', { onLost: 'rejoin' }],
    ['--lost-exit-code 1', { lostExitCode: 1 }],
    ['--request-timeout 750ms', { requestTimeoutMs: 750 }],
    ['--kubeconfig /etc/kube.config', { kubeconfig: '/etc/kube.config' }],
    ['--context admin@prod', { context: 'admin@prod' }],
    ['--events', { events: true }],
    ['--no-events', { events: false }],
    ['--listen 8080', { listen: { host: '', port: 8080 } }],
    ['--listen :0', { listen: { host: '', port: 0 } }],
    ['--listen 127.0.0.1:9', { listen: { host: '127.0.0.1', port: 9 } }],
    ['--listen localhost:9', { listen: { host: '127.0.0.1', port: 9 } }],
    ['--listen [::1]:65535', { listen: { host: '::1', port: 65_535 } }],
    ['--log-format json', { logFormat: 'json' }],
    ['--log-level debug', { logLevel: 'debug' }],
    ['--quiet', { logLevel: 'error' }],
    ['-q -q --try --try', { logLevel: 'error', patience: { kind: 'try' } }],
    ['-qn jobs', { logLevel: 'error', namespace: 'jobs' }],
    ['--disable', { disable: true }],
    [
      '--lease-duration 60 --renew-deadline 40s --retry-period 500ms',
      {
        timing: { leaseDurationMs: 60_000, renewDeadlineMs: 40_000, retryPeriodMs: 500 },
        requestTimeoutMs: 20_000,
      },
    ],
    [
      '--lease-duration 87600h',
      { timing: { ...defaults.timing, leaseDurationMs: 315_360_000_000 } },
    ],
  ];
  test.each(cases)('%s', (line, expected) => {
    const words = line.split(' ');
    const lock = expected.lock === undefined ? ['--lock', 'demo'] : [];
    expect(run(...lock, ...words, 'true')).toEqual({ ...defaults, ...expected });
  });

  test('--disable without a lock', () => {
    expect(run('--disable', 'true')).toEqual({ ...defaults, lock: '', disable: true });
  });
});

describe('leaves everything from CMD on to CMD:', () => {
  const odd = ['', ' ', '$HOME', '*', '"', "'", '\n', '\u{1f98a}', 'x'.repeat(100_000)];
  test.each([
    ['flags of ours', ['cmd', '--lock', 'other', '-q', '--try']],
    ['help', ['cmd', '--help']],
    ['short help', ['psql', '-h', 'host']],
    ['version', ['cmd', '-V', '--version']],
    ['unknown flags', ['cmd', '--no-such-flag', '-z']],
    ['a separator', ['cmd', '--', '--lock', 'other', '--']],
    ['our own name', ['run', '--lock', 'other', '--', 'cmd']],
    ['odd bytes', ['cmd', ...odd]],
  ])('%s', (_, command) => {
    expect(run('--lock', 'demo', '--', ...command).command).toEqual(command);
    expect(run('--lock', 'demo', ...command).command).toEqual(command);
  });

  test.each([[['-cmd', '-q']], [['-']], [['-5']], [['--', 'cmd']], [['--lock', 'other']]])(
    'a command that begins with a dash after --: %j',
    (command) => {
      expect(run('--lock', 'demo', '--', ...command).command).toEqual(command);
    },
  );
});

describe('warns', () => {
  test.each([
    ['--wait 14s', /wait of 14s is shorter than the lease duration \(15s\)/],
    ['--lock-kind endpoints', /Endpoints are deprecated since Kubernetes 1\.33/],
    ['--lock-kind endpoints+lease', /Endpoints are deprecated since Kubernetes 1\.33/],
    ['--lease-duration 11s', /less than a second to stop/],
  ])('about %s', (line, warning) => {
    const { warnings } = run('--lock', 'demo', ...line.split(' '), 'true');
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  it('about nothing when --wait is as long as the lease duration', () => {
    expect(run('--lock', 'demo', '--wait', '15s', 'true').warnings).toEqual([]);
  });
});

/** Two thousand command lines take a second, but not on a machine that is busy with other things. */
const patient = { timeout: 60_000 };

it('turns any words and variables into an invocation or a usage error of one line', patient, () => {
  const flag = fc.constantFrom(
    ...flags.map((name) => `--${name}`),
    '-l',
    '-q',
    '-h',
    '--',
    '-V',
    '-5',
  );
  const value = fc.constantFrom(
    'demo',
    '15s',
    '1s',
    'TERM',
    '0',
    'local',
    'true',
    '',
    '-',
    '\n',
    '__proto__',
  );
  const word = fc.oneof(flag, value, fc.string(), fc.string({ unit: 'binary' }));
  const argv = fc.oneof(
    fc.array(word),
    fc.array(word).map((words) => ['run', ...words]),
    fc.array(word).map((words) => ['run', '--lock', 'demo', ...words]),
  );
  const variable = fc.constantFrom(
    ...flags.map((name) => `K8S_LEADER_${name.toUpperCase().replaceAll('-', '_')}`),
  );
  fc.assert(
    fc.property(argv, fc.dictionary(variable, word, { maxKeys: 4 }), (words, env) => {
      try {
        const invocation = parse(words, env, { version: '1.2.3' });
        if (invocation.kind === 'run') {
          const { command } = invocation.options;
          expect(words.slice(-command.length)).toEqual(command);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        const { message, hint, exitCode } = error as UsageError;
        expect(exitCode).toBe(64);
        expect(`${message} ${hint ?? ''}`).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]{1,700}$/u);
      }
    }),
    { numRuns: 2_000 },
  );
});

function run(...words: string[]): RunOptions {
  const invocation = parse(['run', ...words], {}, { version: '1.2.3' });
  if (invocation.kind !== 'run') throw new Error('help instead of a run');
  return invocation.options;
}
