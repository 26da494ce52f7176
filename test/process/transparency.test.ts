/** Bytes pass as if CMD ran alone: arguments, environment, stdin, stdout, stderr. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { describe } from 'vitest';
import { keepersOf } from './support/keepers.ts';
import { isNonBlocking } from './support/proc.ts';
import { signalPrinter, test, type RunOptions, type Stage } from './support/stage.ts';

/** What `command` prints, which ends each piece with a zero byte. */
async function printedBy(
  stage: Stage,
  command: readonly string[],
  options: RunOptions = {},
): Promise<string[]> {
  const wrapper = stage.run(command, options);
  await wrapper.closed;
  return wrapper.stdout.split('\0').slice(0, -1);
}

describe('arguments arrive byte for byte:', () => {
  const print = ['sh', '-c', String.raw`printf '%s\0' "$@"`, 'sh'];

  test.concurrent.for<[string, string[]]>([
    ['spaces and quotes', [' ', 'a b', `'`, `"`, `\\`, '`id`', `$(id)`]],
    ['what shells expand', ['$HOME', '*', '~', '{a,b}', '!!', '&&', ';', '|', '>x', '#']],
    ['line ends', ['\n', 'a\nb', '\r\n', '\t']],
    ['nothing', ['', '', '']],
    ['dashes', ['--', '-', '--lock', '-x', '--', '--help']],
    ['assignments', ['A=b', '=', 'a=']],
    ['unicode', ['größe', '領導者', '🦊', '\u200b', '\u{10ffff}', 'e\u0301']],
    ['control characters', ['\u0001\u001b[31m\u007f']],
    ['100 kB in one', ['x'.repeat(100_000)]],
    ['ten thousand', Array.from({ length: 10_000 }, (_, index) => String(index))],
  ])('%s', async ([, args], { stage, expect }) => {
    expect(await printedBy(stage, [...print, ...args])).toEqual(args);
  });

  test.concurrent.for([
    ['with a "=" in its name', 'a=b'],
    ['that begins with a dash', '-x'],
    ['with a line end in its name', 'a\nb'],
  ])('a command %s', async ([, name = ''], { stage, expect }) => {
    writeFileSync(join(stage.folder, name), '#!/bin/sh\necho "$0"', { mode: 0o755 });
    const env = { PATH: `${stage.folder}:${process.env['PATH'] ?? ''}` };
    const wrapper = stage.run([name], { env });
    await wrapper.closed;
    expect(wrapper.stdout).toBe(`${join(stage.folder, name)}\n`);
  });
});

describe('the environment', () => {
  const print = ['cat', '/proc/self/environ'];
  const odd = {
    'a.b': '1',
    'a-b': '2',
    'größe 領': '3',
    EMPTY: '',
    LINES: 'a\nb\n',
    EQUALS: '=a=b=',
    LONG: 'x'.repeat(100_000),
    NODE_OPTIONS: '--no-warnings',
    K8S_LEADER_SERVICE_HOST: '10.0.0.1',
    LEADER_OF: 'the pack',
  };

  test('arrives byte for byte, with what tells of the term', async ({ stage, expect }) => {
    const printed = await printedBy(stage, print, { env: odd });
    const given = { ...odd, PATH: process.env['PATH'], HOME: stage.folder };
    const expected = Object.entries(given).map(([name, value]) => `${name}=${value ?? ''}`);
    expect(printed).toEqual(expect.arrayContaining(expected));
    const added = printed.filter((each) => !expected.includes(each)).sort();
    expect(added).toEqual([
      expect.stringMatching(/^LEADER_FENCING_TOKEN=\d+$/),
      expect.stringMatching(/^LEADER_IDENTITY=.+_[0-9a-f-]{36}$/),
      'LEADER_LOCK=job',
      'LEADER_NAMESPACE=default',
      expect.stringMatching(/^LEADER_TERM=[0-9a-f-]{36}$/),
      'LEADER_TRANSITIONS=0',
      expect.stringMatching(/^STARTED_BY_TEST=/),
    ]);
  });

  test('is without the variables that steer us', async ({ stage, expect }) => {
    const steering = { K8S_LEADER_IDENTITY: 'me', K8S_LEADER_STOP_TIMEOUT: '1s' };
    const printed = await printedBy(stage, print, { env: steering });
    expect(printed.filter((each) => each.startsWith('K8S_LEADER_'))).toEqual([]);
    expect(printed).toContain('LEADER_IDENTITY=me');
  });
});

test('no signal is ignored or blocked in CMD', async ({ stage, expect }) => {
  const wrapper = stage.run(['grep', '-E', 'Sig(Blk|Ign)', '/proc/self/status']);
  await wrapper.closed;
  expect(wrapper.stdout).toMatch(/^SigBlk:\t0{16}\nSigIgn:\t0{16}\n$/);
});

test('a working folder that has been removed is no obstacle', async ({ stage, expect }) => {
  const cwd = join(stage.folder, 'removed');
  mkdirSync(cwd);
  const before = ['sh', '-c', 'rmdir "$PWD" && exec "$@"', 'sh'];
  const wrapper = stage.run(['sh', '-c', 'exit 3'], { cwd, before });
  expect(await wrapper.exit).toEqual({ status: 3, signal: null });
});

describe('stdin', () => {
  const bytes = randomBytes(1_000_000);
  const sum = `${createHash('sha256').update(bytes).digest('hex')}  -\n`;

  test('that is a pipe arrives complete, and so does its end', async ({ stage, expect }) => {
    const wrapper = stage.run(['sha256sum']);
    wrapper.stdin.end(bytes);
    await wrapper.closed;
    expect(wrapper.stdout).toBe(sum);
  });

  test('that comes late is waited for', async ({ stage, expect }) => {
    const wrapper = stage.run(['sh', '-c', 'echo ready; cat']);
    await wrapper.line(/^ready$/);
    wrapper.stdin.end('late\n');
    await wrapper.closed;
    expect(wrapper.stdout).toBe('ready\nlate\n');
  });

  test('that is a file is read from where it stands', async ({ stage, expect }) => {
    const file = join(stage.folder, 'input');
    writeFileSync(file, bytes);
    const wrapper = stage.run(['sha256sum'], { stdio: [openSync(file, 'r'), 'pipe', 'pipe'] });
    await wrapper.closed;
    expect(wrapper.stdout).toBe(sum);
  });

  test('that is closed does no harm', async ({ stage, expect }) => {
    const wrapper = stage.run(['cat'], { before: ['sh', '-c', 'exec "$@" <&-', 'sh'] });
    expect(await wrapper.exit).toEqual({ status: 0, signal: null });
  });
});

describe('when nobody reads', () => {
  test('stdout any more, CMD is told, and we end as it does', async ({ stage, expect }) => {
    const wrapper = stage.run(['yes']);
    wrapper.process.stdout?.destroy();
    expect(await wrapper.exit).toEqual({ status: 141, signal: null });
  });

  test('stderr any more, we do without our log', async ({ stage, expect }) => {
    const wrapper = stage.run(['sh', '-c', 'echo ready; read -r _; exit 3']);
    await wrapper.line(/^ready$/);
    wrapper.process.stderr?.destroy();
    wrapper.stdin.write('\n');
    expect(await wrapper.exit).toEqual({ status: 3, signal: null });
    expect(stage.lockFile.holder).toBe('');
  });
});

describe('10 MB to stderr arrive complete at a slow reader, among our own lines,', () => {
  // What no log line contains.
  const flood = String.raw`head -c 10000000 /dev/zero | tr '\0' '~' >&2`;

  test('through a pipe', async ({ stage }) => {
    const script = String.raw`"$@" 2>&1 >/dev/null | { sleep 0.3; tr -dc '~' | wc -c; }`;
    const cmd = ['sh', '-c', flood];
    const pipeline = stage.start(['sh', '-c', script, 'sh', ...stage.commandLine(cmd)]);
    await pipeline.line(/^10000000$/);
  });

  test('through a socket', async ({ stage, expect }) => {
    const wrapper = stage.run(['sh', '-c', flood]);
    wrapper.process.stderr?.pause();
    await after(300);
    wrapper.process.stderr?.resume();
    await wrapper.closed;
    expect(wrapper.stderr.replaceAll(/[^~]/g, '')).toHaveLength(10_000_000);
  });
});

describe('who shares our stdin, stdout and stderr finds them as blocking as they were', () => {
  const nonBlocking = (pid: number) => [0, 1, 2].filter((fd) => isNonBlocking(pid, fd));

  test('while we stand by', async ({ stage, expect }) => {
    const holder = stage.run(['sleep', '1000']);
    await holder.line(/: leading/);
    const standby = stage.run(['true']);
    await standby.line(/standing by/);
    expect(nonBlocking(standby.pid)).toEqual([]);
  });

  test('while CMD runs', async ({ stage, expect }) => {
    const wrapper = stage.run(signalPrinter(1));
    await wrapper.line(/^ready$/);
    expect(keepersOf(wrapper)).toBeDefined();
    expect(nonBlocking(wrapper.pid)).toEqual([]);
    expect(wrapper.offspring().flatMap(nonBlocking)).toEqual([]);
  });
});

describe('with --disable', () => {
  const flags = ['--disable'];

  test('we become CMD', async ({ stage, expect }) => {
    const wrapper = stage.run(['sh', '-c', 'echo $$; exit 3'], { flags });
    expect(await wrapper.exit).toEqual({ status: 3, signal: null });
    expect(wrapper.stdout).toBe(`${String(wrapper.pid)}\n`);
    expect(stage.lockFile.exists).toBe(false);
  });

  test('CMD finds stdin, stdout, stderr and signals as we did', async ({ stage, expect }) => {
    const status = 'grep -E "Sig(Blk|Ign)" /proc/self/status; echo ready; exec sleep 1000';
    const wrapper = stage.run(['sh', '-c', status], { flags });
    await wrapper.line(/^ready$/);
    expect(wrapper.stdout).toMatch(/^SigBlk:\t0{16}\nSigIgn:\t0{16}\n/);
    expect([0, 1, 2].filter((fd) => isNonBlocking(wrapper.pid, fd))).toEqual([]);
  });
});
