/** The keepers as the program has them, without the program: real processes, and what they say of them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Keepers, type Execution } from '../../src/child/keepers.ts';
import { stateOf, until } from '../process/support/proc.ts';
import { keeperFile } from '../support/keeper.ts';

/** Processes are started by the dozen, and others compute as well. */
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'k8s-leader-keepers-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Shape {
  readonly environment?: readonly string[];
  readonly files?: number;
  readonly ignored?: bigint;
}

function start(argv: readonly string[], { environment, files, ignored = 0n }: Shape = {}): Keepers {
  const keepers = new Keepers({ file: keeperFile, foreground: false, descriptors: [] });
  const bytes = (words: readonly string[]) => words.map((word) => Buffer.from(word, 'latin1'));
  const execution: Execution = {
    file: Buffer.from(argv[0] ?? ''),
    argv: bytes(argv),
    environment: bytes(environment ?? ['PATH=/usr/bin:/bin']),
    softFileLimit: files,
    ignoredSignals: ignored,
  };
  keepers.start(execution);
  return keepers;
}

/** What a shell script leaves in the file that it is given as `$1`. */
async function written(script: string, shape?: Shape, ...more: string[]): Promise<string> {
  const file = join(folder, String(Math.random()));
  const keepers = start(['sh', '-c', script, 'sh', file, ...more], shape);
  expect(await keepers.exited).toEqual({ kind: 'exited', code: 0 });
  return readFileSync(file, 'latin1');
}

describe('the command', () => {
  test('gets every byte of its arguments and environment', async () => {
    const bytes = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)).join(
      '',
    );
    expect(await written('printf %s "$2" >"$1"', {}, bytes)).toBe(bytes);
    const environment = ['PATH=/usr/bin:/bin', `A=${bytes}`];
    const seen = await written('cat /proc/$$/environ >"$1"', { environment });
    expect(seen.split('\0')).toContain(`A=${bytes}`);
  });

  test('gets the limit of open files and the ignored signals that it is to have', async () => {
    const script = '{ ulimit -Sn; grep SigIgn /proc/self/status; } >"$1"';
    const seen = await written(script, { files: 77, ignored: 0b11n });
    expect(seen).toBe('77\nSigIgn:\t0000000000000003\n');
  });

  test('has the end that the kernel tells, for every signal there is', async () => {
    const ends = Array.from({ length: 64 }, (_, index) => index + 1)
      .filter((n) => ![17, 18, 19, 20, 21, 22, 23, 28].includes(n))
      .map(async (n) => {
        const keepers = start(['sh', '-c', `kill -${String(n)} $$; exec sleep 1000`]);
        const status = await keepers.exited;
        return [n, status.kind];
      });
    for (const [n, kind] of await Promise.all(ends)) expect([n, kind]).toEqual([n, 'signalled']);
  });

  test.each([
    ['/no/such/file', 'ENOENT'],
    ['/etc/passwd', 'EACCES'],
    ['/', 'EACCES'],
  ])('%s is not executed: %s', async (file, error) => {
    const keepers = start([file]);
    expect(await keepers.exited).toEqual({ kind: 'not-executed', error });
    expect(await keepers.gone).toBe('gone');
  });
});

describe('nothing is left', () => {
  test('only when the last descendant is gone', async () => {
    const keepers = start(['sh', '-c', 'setsid env -i sleep 1000 & exit 3']);
    expect(await keepers.exited).toEqual({ kind: 'exited', code: 3 });
    const [daemon = 0, ...others] = await keepers.living();
    expect(others).toEqual([]);
    let isGone = false;
    void keepers.gone.then(() => (isGone = true));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([isGone, stateOf(daemon)]).toEqual([false, 'S']);
    process.kill(daemon, 'SIGKILL');
    expect(await keepers.gone).toBe('gone');
  });

  test('after KILL, whatever forks in between', async () => {
    // Each of three lines of processes forks for ever, and each ends once it has forked.
    const worm = 'setpgrp; fork && fork; while (1) { fork && exit }';
    const keepers = start(['perl', '-e', worm]);
    await keepers.exited;
    keepers.kill();
    expect(await keepers.gone).toBe('gone');
  });

  test('after KILL of a deep line of descendants, each in a session of its own', async () => {
    const line = 'use POSIX; for (1 .. 60) { fork && do { sleep 1000 while 1 }; POSIX::setsid }; ';
    const keepers = start(['perl', '-e', `$SIG{TERM} = "IGNORE"; ${line} sleep 1000`]);
    await keepers.started;
    let living: readonly number[] = [];
    while (living.length < 60) living = await keepers.living();
    keepers.kill();
    expect(await keepers.gone).toBe('gone');
    expect(living.filter((pid) => !['', 'Z', 'X'].includes(stateOf(pid)))).toEqual([]);
  });
});

describe('the deadline', () => {
  /** How late everything was gone, in milliseconds. */
  async function lateness(): Promise<number> {
    const keepers = start(['sleep', '1000']);
    await keepers.started;
    const deadlineMs = uptime() * 1_000 + 300;
    keepers.killAt(deadlineMs);
    expect(await keepers.gone).toBe('gone');
    return uptime() * 1_000 - deadlineMs;
  }

  test('is kept: never early, and at its best not half a second late', async () => {
    const late: number[] = [];
    for (let tries = 0; tries < 20 && !late.some((ms) => ms < 450); tries += 1)
      late.push(await lateness());
    // /proc/uptime counts in hundredths, and the keeper makes up for what that may hide.
    expect(Math.min(...late)).toBeGreaterThan(-40);
    expect(Math.min(...late)).toBeLessThan(450);
  });

  test('that has passed is one for a command that is not there yet', async () => {
    const keepers = new Keepers({ file: keeperFile, foreground: false, descriptors: [] });
    keepers.killAt(1);
    expect(await keepers.started).toBeUndefined();
  });

  test('moves with each renewal, and not any more once everything is to be killed', async () => {
    const keepers = start(['sleep', '1000']);
    const [pid] = [await keepers.started];
    keepers.killAt(uptime() * 1_000 + 200);
    keepers.killAt(uptime() * 1_000 + 100_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(stateOf(pid ?? 0)).toBe('S');
    keepers.kill();
    keepers.killAt(uptime() * 1_000 + 100_000);
    expect(await keepers.gone).toBe('gone');
  });
});

test('keepers that are not needed end', async () => {
  const keepers = new Keepers({ file: keeperFile, foreground: false, descriptors: [] });
  keepers.dismiss();
  expect(await keepers.started).toBeUndefined();
});

test('where there is no program of the keeper, that is what is said', async () => {
  const keepers = new Keepers({ file: '/no/such/keeper', foreground: false, descriptors: [] });
  expect(await keepers.started).toBeUndefined();
  expect(keepers.error).toBe('ENOENT');
});

test('signals reach the command alone, or everybody', async () => {
  const file = join(folder, 'signals');
  const child = 'trap "echo child >>$1" USR1; echo ready >>$1; while :; do read -r _; done';
  const keepers = start([
    'sh',
    '-c',
    `setsid sh -c '${child}' sh "$1" </dev/zero & trap "echo CMD >>$1" HUP; wait; wait; wait`,
    'sh',
    file,
  ]);
  const text = () => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  await until(() => text() === 'ready\n');
  keepers.send(1);
  await until(() => text() === 'ready\nCMD\n');
  keepers.sendToAll(19);
  const living = await keepers.living();
  await until(() => living.every((pid) => stateOf(pid) === 'T'));
  keepers.sendToAll(18);
  await until(() => living.every((pid) => stateOf(pid) !== 'T'));
  keepers.kill();
  expect(await keepers.gone).toBe('gone');
});
