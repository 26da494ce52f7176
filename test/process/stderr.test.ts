/** Our log on every kind of stderr: it never waits, never fails, and never changes what CMD gets. */
import { closeSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import type { StdioOptions } from 'node:child_process';
import { join } from 'node:path';
import { describe } from 'vitest';
import { fullPipe } from './support/full-pipe.ts';
import type { Program } from './support/program.ts';
import { fixture, need, test, type Stage } from './support/stage.ts';

const program = [process.execPath, fixture('write-log.ts')];

/** A program that logs to `stderr`, run by `before` where that is given. */
function logger(stage: Stage, stderr: 'pipe' | number, before: readonly string[] = []): Program {
  return stage.start([...before, ...program], { stdio: ['pipe', 'pipe', stderr] });
}

/** Has it write so many lines, and resolves when it has gone on. */
async function write(logger: Program, lines: number): Promise<void> {
  const before = logger.lines.filter((line) => line === 'done').length;
  logger.stdin.write(`${String(lines)}\n`);
  await logger.line(/^done$/, before + 1);
}

const done = { status: 0, signal: null };

test('a full pipe costs lines, which are counted', async ({ stage, expect }) => {
  const pipe = fullPipe(stage);
  const log = logger(stage, pipe.fd);
  await write(log, 5);
  expect(pipe.drain()).toBe('');
  await write(log, 2);
  expect(pipe.drain()).toBe('k8s-leader: 5 log lines were dropped\nline 6\nline 7\n');
  log.stdin.end();
  expect(await log.exit).toEqual(done);
});

test('a pipe without a reader costs lines', async ({ stage, expect }) => {
  const script = '"$@" 2>&1 >&3 | true';
  const log = logger(stage, 'pipe', ['sh', '-c', `exec 3>&1; ${script}`, 'sh']);
  await write(log, 3);
  await write(log, 3);
  log.stdin.end();
  expect(await log.exit).toEqual(done);
});

describe('a file', () => {
  test('is shared with CMD without loss', async ({ stage, expect }) => {
    const path = join(stage.folder, 'log');
    const file = openSync(path, 'w');
    const log = logger(stage, file);
    await write(log, 1);
    writeSync(file, 'CMD says\n');
    await write(log, 1);
    closeSync(file);
    expect(readFileSync(path, 'utf8')).toBe('line 1\nCMD says\nline 2\n');
  });

  test('may be cut by whoever rotates it', async ({ stage, expect }) => {
    const path = join(stage.folder, 'log');
    const file = openSync(path, 'a');
    const log = logger(stage, file);
    await write(log, 3);
    truncateSync(path);
    await write(log, 1);
    closeSync(file);
    expect(readFileSync(path, 'utf8')).toBe('line 4\n');
  });

  test('on a full disk costs lines', async ({ stage, expect }) => {
    const file = openSync('/dev/full', 'w');
    const log = logger(stage, file);
    closeSync(file);
    await write(log, 3);
    log.stdin.end();
    expect(await log.exit).toEqual(done);
  });
});

describe('a socket', () => {
  test('gets every line', async ({ stage, expect }) => {
    const log = logger(stage, 'pipe');
    await write(log, 500);
    log.stdin.end();
    await log.closed;
    expect(log.stderr.split('\n')).toHaveLength(501);
  });

  test('that nobody reads does not stop us', async ({ stage, expect }) => {
    const log = logger(stage, 'pipe');
    log.process.stderr?.pause();
    await write(log, 100_000);
    log.process.stderr?.resume();
    log.stdin.end();
    expect(await log.exit).toEqual(done);
    expect(log.stderr.startsWith('line 1\nline 2\n')).toBe(true);
  });
});

describe('a pipe of somebody else, which we may not open again,', () => {
  const asNobody = ['setpriv', '--reuid', '12345', '--clear-groups'];

  test('gets every line', async ({ stage, expect }) => {
    need('setpriv');
    const script = '"$@" 2>&1 >&3 | cat >&4';
    const pipeline = ['sh', '-c', `exec 3>&1 4>&2; ${script}`, 'sh', ...asNobody];
    const log = logger(stage, 'pipe', pipeline);
    await write(log, 500);
    log.stdin.end();
    await log.closed;
    expect(log.stderr.split('\n')).toHaveLength(501);
  });

  test('that is full neither stops us nor keeps us from ending', async ({ stage, expect }) => {
    const stdio: StdioOptions = ['pipe', 'pipe', fullPipe(stage).fd];
    const wrapper = stage.run(['sh', '-c', 'echo ready; exit 7'], { before: asNobody, stdio });
    expect(await wrapper.exit).toEqual({ status: 7, signal: null });
    await wrapper.closed;
    expect(wrapper.stdout).toBe('ready\n');
  });
});

test('a closed stderr is no reason to fail', async ({ stage, expect }) => {
  const log = logger(stage, 'pipe', ['sh', '-c', 'exec "$@" 2>&-', 'sh']);
  await write(log, 3);
  log.stdin.end();
  expect(await log.exit).toEqual(done);
});

test('a terminal gets every line', async ({ stage, expect }) => {
  const line = [...program].map((word) => `'${word}'`).join(' ');
  const log = stage.start(['script', '-qefc', line, '/dev/null']);
  log.stdin.write('2\n');
  await log.line(/^line 2$/);
  expect(log.lines).toContain('line 1');
});
