import { describe, expect, test } from 'vitest';
import { parse } from '../../src/cli/parse.ts';
import { UsageError } from '../../src/errors.ts';

const tooLong = 'a'.repeat(254);

describe('refuses, with one line and exit status 64,', () => {
  test.each<[line: string, words: string[], says: string | RegExp]>([
    // Durations (case 35)
    ['a duration of 0', ['--wait', '0'], "--wait '0': must be longer"],
    ['a duration of 0s', ['--stop-timeout', '0s'], "--stop-timeout '0s': must be longer"],
    ['a negative duration', ['--wait', '-5s'], "--wait '-5s': not a duration"],
    ['an infinite duration', ['--wait', '1e999'], "--wait '1e999': not a duration"],
    ['a word as duration', ['--request-timeout', 'abc'], "'abc': not a duration"],
    ['a negative part', ['--retry-period', '1h-1s'], "'1h-1s': not a duration"],
    ['an empty duration', ['--wait', ''], '--wait is empty'],
    ['a huge duration', ['--wait', '9'.repeat(5_000)], /^--wait '9{80}…': longer than any/],
    // Timings (case 35)
    [
      'half a second of lease',
      ['--lease-duration', '6900ms'],
      "--lease-duration '6900ms': the lease duration is 6.9s, but a Lease holds whole seconds",
    ],
    ['no lease', ['--lease-duration', '0'], "--lease-duration '0': must be longer"],
    [
      'a lease shorter than the deadline',
      ['--lease-duration', '10s'],
      'the renew deadline (10s) must be shorter than the lease duration (10s)',
    ],
    [
      'a deadline longer than the lease',
      ['--renew-deadline', '20s'],
      "--renew-deadline '20s': the renew deadline (20s) must be shorter",
    ],
    [
      'a retry period without room',
      ['--retry-period', '9s'],
      "--retry-period '9s': the retry period × 1.2 (10.8s) must be shorter",
    ],
    [
      'no room to stop',
      ['--lease-duration', '11s', '--renew-deadline', '10.2s'],
      "--lease-duration '11s', --renew-deadline '10.2s': no time to stop the command",
    ],
    ['a blank key', ['--once', ' '], "--once ' ': a key has 1 to 100 characters"],
    ['a key too long', ['--once', 'k'.repeat(101)], 'a key has 1 to 100 characters'],
    ['a key in two lines', ['--once', 'a\nb'], 'it has control characters in it'],
    ['--once with --min-hold', ['--once=a', '--min-hold=1s'], 'exclude each other'],
    // Addresses
    ['a label without a key', ['--pod-label', '=x'], "--pod-label '=x': the key of a label has"],
    ['a key with two slashes', ['--pod-label', 'a/b/c'], "--pod-label 'a/b/c': the key of a label"],
    ['a key too long', ['--pod-label', 'k'.repeat(64)], 'the key of a label has at most 63'],
    ['a value with a space', ['--pod-label', 'k=a b'], "--pod-label 'k=a b': the value of a label"],
    [
      'a value too long',
      ['--pod-label', `k=${'v'.repeat(64)}`],
      'the value of a label has at most',
    ],
    [
      'a label of a Pod with a local lock',
      ['--pod-label', 'role', '--backend', 'local'],
      '--pod-label does not work with --backend local',
    ],
    [
      'the end of a container with a local lock',
      ['--takeover-on-exit', '--backend', 'local'],
      '--takeover-on-exit does not work with --backend local',
    ],
    ['a port beyond the last', ['--listen', '65536'], "--listen '65536': a port is at most 65535"],
    ...['http', '80a', '-1', '1e3', 'example.com:80', '::1:80', '1.2.3:80', '1.2.3.256:80'].map(
      (text): [string, string[], RegExp] => [
        `${text} as an address`,
        [`--listen=${text}`],
        /^--listen(?: '.*': not a port, nor an IP address|='?-1)/,
      ],
    ),
    ['an address without a port', ['--listen', '[::1]'], "--listen '[::1]': not a port, nor"],
    ['a URL as an address', ['--listen', 'http://a:80'], "--listen 'http://a:80': not a port"],
    // Names (case 36)
    ['an upper-case lock', ['--lock', 'Nightly'], "--lock 'Nightly': a lock name has"],
    [
      'a lock of 254 characters',
      ['--lock', tooLong],
      `--lock '${'a'.repeat(80)}…': a lock name has at most 253`,
    ],
    ['a lock that climbs folders', ['--lock', '../x'], "--lock '../x': a lock name has"],
    ['a lock that ends in a dot', ['--lock', 'x.'], "--lock 'x.': a lock name has"],
    ['a lock with a newline at its end', ['--lock', 'x\n'], "--lock 'x\\n': a lock name has"],
    ['an empty lock', ['--lock='], '--lock is empty'],
    ['an upper-case namespace', ['--namespace', 'Jobs'], "--namespace 'Jobs': a namespace has"],
    [
      'a namespace of 64 characters',
      ['-n', 'n'.repeat(64)],
      /--namespace 'n{64}': a namespace has at most 63/,
    ],
    ['a namespace with a dot', ['-n', 'a.b'], "--namespace 'a.b': a namespace has"],
    ['a namespace that climbs folders', ['-n', '../x'], "--namespace '../x'"],
    ['an empty namespace', ['-n', ''], '--namespace is empty'],
    ['an empty identity', ['--identity', ''], '--identity is empty'],
    ['a blank identity', ['--identity', '   '], "--identity '   ': an identity has 1 to 256"],
    [
      'an identity of 10 kB',
      ['--identity', 'x'.repeat(10_240)],
      /^--identity 'x{80}…': an identity has 1 to 256/,
    ],
    [
      'an identity with a newline',
      ['--identity', 'a\nb'],
      "--identity 'a\\nb': it has control characters",
    ],
    [
      'an identity with an escape',
      ['--identity', '\u001b[2Jx'],
      "--identity '\\u{1b}[2Jx': it has",
    ],
    // Paths
    [
      'a path with a newline',
      ['--kubeconfig', 'a\n'],
      "--kubeconfig 'a\\n': it has control characters",
    ],
    [
      'a context with a newline',
      ['--context', 'a\r'],
      "--context 'a\\r': it has control characters",
    ],
    // Choices
    ['an unknown backend', ['--backend', 'redis'], "--backend 'redis': not one of the choices"],
    ['an unknown kind', ['--lock-kind', 'pod'], "--lock-kind 'pod': not one of the choices"],
    ['a plural', ['--lock-kind', 'leases'], "--lock-kind 'leases': not one of the choices"],
    ['a choice in upper case', ['--on-lost', 'EXIT'], "--on-lost 'EXIT': not one of the choices"],
    ['an unknown log format', ['--log-format', 'xml'], "--log-format 'xml'"],
    ['an unknown log level', ['--log-level', 'loud'], "--log-level 'loud'"],
    // Exit statuses
    ...['-1', '256', '1.5', '1e2', '0x1', 'x', '+1', ' 1'].map(
      (text): [string, string[], string] => [
        `${JSON.stringify(text)} as exit status`,
        ['--lost-exit-code', text],
        `--lost-exit-code '${text}': an exit status is a whole number`,
      ],
    ),
    // Signals
    ...['STOP', 'SIGCONT', 'tstp', 'TTIN'].map((text): [string, string[], string] => [
      `${text} as stop signal`,
      ['--stop-signal', text],
      `--stop-signal '${text}': it pauses or continues`,
    ]),
    ...['15', 'FOO', 'SIG', 'SIGSIGTERM', 'constructor', 'TERM '].map(
      (text): [string, string[], string] => [
        `${JSON.stringify(text)} as stop signal`,
        ['--stop-signal', text],
        `--stop-signal '${text}': not the name of a signal`,
      ],
    ),
    // Combinations
    ['--try with --wait', ['--try', '--wait', '5m'], '--try and --wait exclude each other'],
    ['--quiet with --log-level', ['-q', '--log-level', 'info'], '--quiet and --log-level exclude'],
    ['--local-file on Kubernetes', ['--local-file', 'x.db'], '--local-file needs --backend local'],
    ...['--lock-kind=lease', '--lock-kind=secret', '--context=x', '--kubeconfig=x'].map(
      (flag): [string, string[], string] => [
        `${flag} on this machine`,
        ['--backend', 'local', flag],
        `${flag.replace(/=.*/, '')} does not work with --backend local`,
      ],
    ),
    // Words (case 38)
    ['a repeated flag', ['-n', 'a', '-n', 'b'], '--namespace is given twice'],
    ['a flag repeated alike', ['--wait=5m', '--wait=5m'], '--wait is given twice'],
    [
      'a flag in place of a value',
      ['--namespace', '--try'],
      "--namespace needs a value, but '--try' follows",
    ],
    [
      'a short flag in place of a value',
      ['-i', '-q'],
      "--identity needs a value, but '-q' follows",
    ],
    [
      'the separator in place of a value',
      ['--context', '--'],
      "--context needs a value, but '--' follows",
    ],
    ['a value for a flag without one', ['--try=yes'], "unknown option '--try=yes'"],
    ['an unknown flag', ['--no-such-flag'], "unknown option '--no-such-flag'"],
    [
      'an unknown flag before help',
      ['--no-such-flag', '--help'],
      "unknown option '--no-such-flag'",
    ],
    ['an unknown short flag', ['-x'], "unknown option '-x'"],
    ['a long flag with one dash, of short flags', ['-quiet'], "unknown option '-quiet'"],
    ['the same, of an unknown short flag', ['-wait', '5m'], "unknown option '-wait'"],
    ['a number as flag', ['-5'], "unknown option '-5'"],
    ['an unknown flag full of newlines', ['--a\nb'], "unknown option '--a\\nb'"],
    ['an endless unknown flag', [`--${'x'.repeat(10_000)}`], /^unknown option '--x+…$/],
  ])('%s', (_, words, says) => {
    const lock = words.some((word) => /^--lock(?!-kind)/.test(word)) ? [] : ['--lock', 'demo'];
    expectRefusal(['run', ...lock, ...words, '--', 'psql', '-h', 'host'], says);
  });

  test.each<[line: string, argv: string[], says: string]>([
    ['a separator alone', ['--'], 'no command given'],
    ['an unknown subcommand', ['walk', '--help'], "unknown command 'walk'"],
    ['an empty subcommand', [''], "unknown command ''"],
    ['a flag before the subcommand', ['--lock', 'x', 'run', 'ls', '-h'], "unknown option '--lock'"],
    ['a separator before the subcommand', ['--', 'run', '--lock', 'x'], "unknown option '--lock'"],
    ['a long flag with one dash', ['run', '-lock', 'x', '--', 'ls'], "unknown option '-lock'"],
    ['the same in one word', ['run', '-lock=x', 'ls'], "unknown option '-lock=x'"],
    ['no lock', ['run', '--', 'true'], 'no lock given'],
    ['no lock and no command', ['run'], 'no lock given'],
    ['no command', ['run', '--lock', 'x'], 'no command to run'],
    ['no command after the separator', ['run', '--lock', 'x', '--'], 'no command to run'],
    ['an empty command', ['run', '--lock', 'x', '--', '', 'y'], 'no command to run'],
    ['no command with --disable', ['run', '--disable'], 'no command to run'],
    ['a flag whose value is missing', ['run', '--lock', 'x', '--wait'], '--wait needs a value'],
    ['a lock whose value is missing', ['run', '-l'], '--lock needs a value'],
    [
      'a bad value together with --disable',
      ['run', '--disable', '--wait', 'x', 'ls'],
      "--wait 'x'",
    ],
    ['a bad lock together with --disable', ['run', '--disable', '-l', 'X', 'ls'], "--lock 'X'"],
  ])('%s', (_, argv, says) => {
    expectRefusal(argv, says);
  });
});

describe('helps with', () => {
  test.each([
    ['a misspelt flag', ['run', '--lok', 'x', 'ls', '-h'], 'did you mean --lock?'],
    ['a flag with one dash', ['run', '-lock', 'x', 'ls', '-wait'], 'did you mean --lock?'],
    ['a group with one dash', ['run', '-l', 'x', '-quiet', 'ls'], 'did you mean --quiet?'],
    ['an upper-case lock', ['run', '-l', 'My_Lock', 'ls'], 'did you mean my-lock?'],
    ['a lock like no other', ['run', '-l', '__', 'ls'], 'for example --lock nightly-backup'],
    ['a namespace with a dot', ['run', '-l', 'x', '-n', 'A.b', 'ls'], 'did you mean a-b?'],
    ['help of no command', ['help', 'rum'], 'did you mean run?'],
    ['a misspelt subcommand', ['rum'], 'did you mean run?'],
    ['another misspelt command', ['rabc'], 'did you mean rbac?'],
    ['no lock', ['run', 'ls'], '--lock NAME'],
    ['nothing to run', ['run', '--lock', 'x'], '--lock NAME -- CMD'],
    ['a choice', ['run', '--lock', 'x', '--backend', 'y', 'ls'], 'kubernetes or local'],
    ['a duration', ['run', '--lock', 'x', '--wait', 'y', 'ls'], '500ms, 15s, 2m or 1h30m'],
    ['the timings', ['run', '--lock', 'x', '--lease-duration', '5', 'ls'], '--renew-deadline 10s'],
  ])('%s', (_, argv, says) => {
    expect(refusalOf(argv).hint).toContain(says);
  });
});

function expectRefusal(argv: string[], says: string | RegExp): void {
  const { message, hint, exitCode } = refusalOf(argv);
  expect(message).toMatch(says);
  expect(`${message} ${hint ?? ''}`).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]{1,500}$/u);
  expect(hint).toMatch(/\w/);
  expect(exitCode).toBe(64);
}

function refusalOf(argv: string[]): UsageError {
  try {
    parse(argv, {}, { version: '1.2.3' });
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('not refused');
}
