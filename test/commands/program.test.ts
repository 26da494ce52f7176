/** The real program: `status` on a local lock, its exit status, its streams and signals. */
import { program } from '../support/program-under-test.ts';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it, test, vi } from 'vitest';
import type { LockStatus } from '../../src/commands/status-report.ts';
import { localLock } from '../../src/locks/local.ts';
import { sampleRecord } from '../support/record.ts';

const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-commands-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const limits = { timeout: 90_000, killSignal: 'SIGKILL' } as const;
const env = { PATH: process.env['PATH'], HOME: folder };

function start(args: readonly string[], more: Record<string, string> = {}) {
  const options = { env: { ...env, ...more }, stdio: 'pipe', ...limits } as const;
  const [file = '', ...first] = program;
  return spawn(file, [...first, ...args], options);
}

async function ended(args: readonly string[], more: Record<string, string> = {}) {
  const program = start(args, more);
  const said = Promise.all([text(program.stdout), text(program.stderr)]);
  const [code, signal] = (await once(program, 'exit')) as [number | null, NodeJS.Signals | null];
  const [stdout, stderr] = await said;
  return { code, signal, stdout, stderr };
}

const file = (name: string) => join(folder, `${name}.db`);
const local = (name: string) => [
  '--lock',
  'demo',
  '--backend',
  'local',
  '--local-file',
  file(name),
];
const signal = new AbortController().signal;

async function hold(name: string, holder: string): Promise<void> {
  const lock = localLock({ file: file(name), namespace: 'default', name: 'demo' });
  const record = { ...sampleRecord, holder, renewTimeUs: Date.now() * 1_000 };
  await lock.write(record, await lock.read({ signal }), { signal });
}

describe('status of a local lock', () => {
  it('makes no file where there is none', async () => {
    const { code, stdout } = await ended(['status', ...local('none'), '-o', 'json']);
    expect([code, (JSON.parse(stdout) as LockStatus).state]).toEqual([0, 'absent']);
    expect(existsSync(file('none'))).toBe(false);
  });

  it('tells who leads, to people and to scripts', async () => {
    await hold('held', 'me');
    const said = await ended(['status', ...local('held')]);
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toMatch(/^holder {7}me$/m);
    expect(said.stdout).toMatch(/^lock {9}demo \(on this machine, namespace default\)$/m);
    const json = await ended(['status', ...local('held'), '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ state: 'held', lockKind: 'local' });
  });

  it('with --watch tells each change in a line, until a signal ends it', async () => {
    await hold('watched', 'a');
    const program = start(['status', ...local('watched'), '--watch', '-o', 'json']);
    const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
    const holder = async () =>
      (JSON.parse(String((await lines.next()).value)) as LockStatus).holder;
    expect(await holder()).toBe('a');
    await hold('watched', 'b');
    expect(await holder()).toBe('b');
    program.kill('SIGTERM');
    expect(await once(program, 'exit')).toEqual([143, null]);
  });

  it('with --watch ends by INT as a shell expects it', async () => {
    await hold('interrupted', 'a');
    const program = start(['status', ...local('interrupted'), '--watch']);
    await once(program.stdout, 'data');
    program.kill('SIGINT');
    expect(await once(program, 'exit')).toEqual([null, 'SIGINT']);
  });

  it('with --watch redraws on a terminal', async () => {
    await hold('drawn', 'me');
    const words = [...program, 'status', ...local('drawn'), '--watch'].join(' ');
    const run = spawn('script', ['-qefc', words, '/dev/null'], { env, ...limits });
    let drawn = '';
    run.stdout.setEncoding('utf8').on('data', (part: string) => (drawn += part));
    await vi.waitUntil(() => drawn.includes('holder       me'), { timeout: 90_000 });
    await hold('drawn', 'another');
    await vi.waitUntil(() => drawn.includes('holder       another'), { timeout: 90_000 });
    run.stdin.write('\u0003');
    await once(run, 'exit');
    const screens = drawn.split('\u001b[H\u001b[J');
    expect(screens.length).toBeGreaterThan(2);
    expect(screens.at(-1)).toContain('holder       another');
  });

  it('ends with 69 and a line where the file is none of ours', async () => {
    const { code, stdout, stderr } = await ended([
      'status',
      ...local('x').with(-1, '/dev/null'),
      '--request-timeout=1s',
    ]);
    expect([code, stdout]).toEqual([69, '']);
    expect(stderr).toMatch(/^k8s-leader: error: lock "demo": .*\n$/);
  });
});

describe('doctor of a local lock', () => {
  it('finds all well, and makes no file', async () => {
    const { code, stdout, stderr } = await ended(['doctor', ...local('healthy'), '--', 'sh']);
    expect([code, stderr]).toEqual([0, '']);
    const subjects = stdout.split('\n').map((line) => line.split(':')[0]);
    expect(subjects).toEqual([
      '✓ lock file',
      '✓ keeper',
      expect.stringContaining('init'),
      '✓ command',
      '',
    ]);
    expect(existsSync(file('healthy'))).toBe(false);
  });

  it('tells who holds it', async () => {
    await hold('taken', 'me');
    expect((await ended(['doctor', ...local('taken')])).stdout).toContain(
      'the lock is held by "me"',
    );
  });

  it('ends with 69 where the file is none of ours, and with 78 where CMD is not there', async () => {
    const elsewhere = local('x').with(-1, '/dev/null');
    const { code, stdout } = await ended(['doctor', ...elsewhere, '--request-timeout=1s']);
    expect([code, stdout]).toEqual([69, expect.stringMatching(/^✗ lock file: /)]);
    const missing = await ended(['doctor', ...local('y'), '--', '/nowhere/cmd']);
    expect([missing.code, missing.stdout]).toEqual([78, expect.stringContaining('✗ command: ')]);
  });
});

describe('doctor and run agree on a lock file that cannot be written', () => {
  test.each([
    ['in a folder of another user', 'made', 0o755],
    ['that another user has made', 'there', 0o777],
  ])('%s', async (_, name, mode) => {
    const own = mkdtempSync(join(tmpdir(), 'k8s-leader-closed-'));
    const lock = { file: join(own, `${name}.db`), namespace: 'default', name: 'demo' };
    if (name === 'there')
      await localLock(lock).write({ ...sampleRecord, holder: '' }, undefined, { signal });
    chmodSync(own, mode);
    const as = ['setpriv', '--reuid', '12345', '--clear-groups', ...program];
    const flags = ['--lock=demo', '--backend=local', `--local-file=${lock.file}`, '--', 'true'];
    const [run, doctor] = ['run', 'doctor'].map((verb) => {
      const [file = '', ...argv] = [...as, verb, ...flags];
      return spawnSync(file, argv, { env, encoding: 'utf8', ...limits });
    });
    rmSync(own, { recursive: true });
    expect([run?.status, doctor?.status]).toEqual([69, 69]);
    expect(doctor?.stdout).toContain(`✗ lock file: ${lock.file} cannot be `);
  });
});

test('without any word the help is on stderr, with 64', async () => {
  const { code, stdout, stderr } = await ended([]);
  expect([code, stdout]).toEqual([64, '']);
  expect(stderr).toMatch(/^Usage: k8s-leader COMMAND/);
});

test('called by kubectl, it says so', () => {
  const called = join(folder, 'kubectl-leader');
  symlinkSync(resolve(program.at(-1) ?? ''), called);
  const argv = [...program.slice(0, -1), called];
  const [file = '', ...first] = argv;
  const run = (...words: string[]) =>
    spawnSync(file, [...first, ...words], { env, encoding: 'utf8', ...limits });
  expect(run('--help').stdout).toMatch(/^Usage: kubectl leader COMMAND/);
  expect(run('status', '--help').stdout).toMatch(/^Usage: kubectl leader status/);
  expect(run('run', '--lok').stderr).toContain('kubectl leader run --help');
  expect(run('version').stdout).toMatch(/^\d/);
});

test('called by kubectl for completions, it gives them, and a directive', () => {
  const called = join(folder, 'kubectl_complete-leader');
  symlinkSync(resolve(program.at(-1) ?? ''), called);
  const [file, ...argv] = [...program.slice(0, -1), called, 'run', '--on-lost', ''];
  const { stdout, stderr } = spawnSync(file, argv, { env, encoding: 'utf8', ...limits });
  expect([stdout, stderr]).toEqual(['exit\nrejoin\n:4\n', '']);
});

describe('a reader that goes away', () => {
  test('ends a --watch with 141, and no word', async () => {
    await hold('left', 'a');
    const program = start(['status', ...local('left'), '--watch']);
    const said = text(program.stderr);
    const ended = once(program, 'exit');
    await once(program.stdout, 'data');
    program.stdout.destroy();
    await hold('left', 'b');
    expect(await ended).toEqual([141, null]);
    expect(await said).toBe('');
  });

  test.each(['--help', 'status --help', 'rbac --lock demo'])('is no defect: %s', (words) => {
    const line = `{ "$0" "$@"; echo "status $?" >&2; } | :; sleep 0`;
    const quiet = { env, encoding: 'utf8', ...limits } as const;
    const argv = ['-c', `exec 2>&1; ${line}`, ...program, ...words.split(' ')];
    expect(execFileSync('sh', argv, quiet)).toMatch(/^status (0|141)\n$/);
  });
});

test('a stdout that is full, and that somebody has made non-blocking, is waited for', async () => {
  // Perl fills the pipe, starts the program on it, and reads only when it has begun.
  const fill = `use Fcntl; use POSIX; pipe(R, W); fcntl(W, F_SETFL, O_NONBLOCK);
    1 while syswrite(W, "." x 4096); 1 while syswrite(W, ".");
    my $pid = fork(); if (!$pid) { dup2(fileno(W), 1); exec @ARGV } close(W);
    select(undef, undef, undef, 1); local $/; my $all = <R>; waitpid($pid, 0);
    $all =~ s/^\\.+//; print "$?\n$all"`;
  const argv = ['-e', fill, ...program, 'rbac', '--lock', 'demo'];
  const run = spawn('perl', argv, { env, ...limits });
  const [status, first] = (await text(run.stdout)).split('\n');
  expect([status, first]).toEqual(['0', 'apiVersion: v1']);
});

test('no subcommand needs a lock to help', async () => {
  for (const name of ['status', 'rbac', 'doctor']) {
    const { code, stdout, stderr } = await ended([name, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: k8s-leader ${name} `));
  }
});
