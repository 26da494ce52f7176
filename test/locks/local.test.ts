import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { Lock } from '../../src/election/lock.ts';
import { ExpectedError } from '../../src/errors.ts';
import { defaultLocalFile, localLock } from '../../src/locks/local.ts';
import { lockContract } from '../contract/lock-contract.ts';
import { MemoryLockServer } from '../../src/testing/memory-lock.ts';
import { sampleRecord as record } from '../support/record.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'k8s-leader-'));
  file = join(folder, 'state', 'locks.db');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

lockContract('the local lock', () => {
  const handle = () => localLock({ file, namespace: 'default', name: 'demo' });
  return Promise.resolve({
    lock: handle(),
    another: handle,
    remove: () => {
      edit('DELETE FROM lock');
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
});

lockContract('the memory lock of the tests', () => {
  const server = new MemoryLockServer();
  return Promise.resolve({
    lock: server.handle(),
    another: () => server.handle(),
    remove: () => {
      server.edit(undefined);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
});

describe('among processes', () => {
  it('loses no update', { timeout: 60_000 }, async () => {
    const versions = await Promise.all(Array.from({ length: 8 }, () => increment(10)));
    expect((await read())?.record.transitions).toBe(80);
    expect(new Set(versions.flat()).size).toBe(80);
    for (const own of versions) expect(own).toEqual([...own].sort((a, b) => Number(a) - Number(b)));
  });

  it('survives processes killed in the middle', { timeout: 60_000 }, async () => {
    const writers = Array.from({ length: 4 }, () => spawnIncrement(1_000_000));
    await Promise.all(writers.map(({ stdout }) => once(stdout, 'data')));
    const gone = writers.map((writer) => once(writer, 'exit'));
    for (const writer of writers) writer.kill('SIGKILL');
    await Promise.all(gone);
    const seen = await read();
    expect(await open().write(record, seen, patiently())).toMatchObject({ kind: 'written' });
  });
});

describe('the file', () => {
  it('gets a folder for its owner alone', async () => {
    await read();
    expect((await stat(join(folder, 'state'))).mode & 0o777).toBe(0o700);
  });

  it('is left alone with nothing beside it', async () => {
    await open().write(record, undefined, patiently());
    expect(await readdir(join(folder, 'state'))).toEqual(['locks.db']);
  });

  it('holds one lock per namespace and name, each untouched by the others', async () => {
    const others = [open({ name: 'other' }), open({ namespace: 'other' })];
    for (const other of others)
      await other.write({ ...record, holder: 'x' }, undefined, patiently());
    const before = await Promise.all(others.map((other) => other.read(patiently())));
    await open().write(record, undefined, patiently());
    expect(await Promise.all(others.map((other) => other.read(patiently())))).toEqual(before);
  });

  it('is taken out of write-ahead logging, which needs shared memory', async () => {
    await open().write(record, undefined, patiently());
    edit('PRAGMA journal_mode = WAL');
    expect((await read())?.record).toEqual(record);
    expect(ask('PRAGMA journal_mode')).toEqual({ journal_mode: 'delete' });
  });

  it('is never trusted when it was replaced during a request', async () => {
    await open().write(record, undefined, patiently());
    const usurped = localLock({
      file,
      namespace: 'default',
      name: 'demo',
      fileSystemType: async () => {
        await rename(file, `${file}.away`);
        await open().write({ ...record, holder: 'another' }, undefined, patiently());
        return 0xef53;
      },
    });
    await expect(usurped.read(patiently())).rejects.toMatchObject({
      kind: 'unreachable',
      message: `the lock file ${file} was replaced while it was in use`,
    });
  });

  it('makes no version of a deleted file valid in the next one, and tokens grow on', async () => {
    const first = await open().write(record, undefined, patiently());
    if (first.kind === 'conflict') throw new Error('conflict');
    await rm(join(folder, 'state'), { recursive: true });
    await open().write({ ...record, holder: 'newcomer' }, undefined, patiently());
    edit(`UPDATE lock SET version = ${first.current.version}`);

    expect(await open().write(record, first.current, patiently())).toEqual({ kind: 'conflict' });
    expect((await read())?.record.holder).toBe('newcomer');
    expect(Number(ask('SELECT seq FROM sqlite_sequence')?.['seq'])).toBeGreaterThan(
      Number(first.current.version),
    );
  });
});

describe('a row edited by hand', () => {
  it('is a new version', async () => {
    await open().write(record, undefined, patiently());
    const before = await read();
    edit(`UPDATE lock SET record = '{"holder":"stranger"}'`);
    const after = await read();
    expect(after?.record.holder).toBe('stranger');
    expect(Number(after?.version)).toBeGreaterThan(Number(before?.version));
    expect(await open().write(record, before, patiently())).toEqual({ kind: 'conflict' });
  });

  test.each([
    ['NULL', {}],
    ['-5', {}],
    [`x'00ff'`, {}],
    [`'rubbish'`, {}],
    [`'null'`, {}],
    [`'[1]'`, {}],
    [`'{"holder":7,"leaseDurationMs":"x","acquireTimeUs":[],"transitions":null}'`, {}],
    [`'{"leaseDurationMs":-1,"acquireTimeUs":-1,"renewTimeUs":1.5,"transitions":-1}'`, {}],
    [`'{"leaseDurationMs":0,"renewTimeUs":9e999,"transitions":9223372036854775807}'`, {}],
    [`'{"holder":"me","more":1}'`, { holder: 'me' }],
  ])(
    'to %s is read like a Lease that lacks fields, and can be written over',
    async (value, left) => {
      await open().write(record, undefined, patiently());
      edit(`UPDATE lock SET record = ${value}`);
      const seen = await read();
      const empty = {
        leaseDurationMs: undefined,
        acquireTimeUs: undefined,
        renewTimeUs: undefined,
      };
      expect(seen?.record).toEqual({ holder: '', ...empty, transitions: 0, ...left });
      expect(await open().write(record, seen, patiently())).toMatchObject({ kind: 'written' });
    },
  );

  it('to the last version there can be is still read', async () => {
    await open().write(record, undefined, patiently());
    edit('UPDATE lock SET version = 9223372036854775807');
    expect((await read())?.version).toBe('9223372036854775807');
  });

  it('keeps columns that are not ours', async () => {
    await open().write(record, undefined, patiently());
    edit(`ALTER TABLE lock ADD COLUMN note TEXT; UPDATE lock SET note = 'mine'`);
    await open().write({ ...record, transitions: 4 }, await read(), patiently());
    expect(ask('SELECT note FROM lock')).toEqual({ note: 'mine' });
    await open({ name: 'other' }).write(record, undefined, patiently());
  });
});

describe('while another process is in a transaction', () => {
  it('a request waits without blocking the event loop, then succeeds', async () => {
    await open().write(record, undefined, patiently());
    const other = new DatabaseSync(file);
    other.exec('BEGIN EXCLUSIVE');
    let isAnswered = false;
    const request = read().then((seen) => {
      isAnswered = true;
      return seen;
    });
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect(isAnswered).toBe(false);
    other.close();
    expect((await request)?.record).toEqual(record);
  });

  it('a request that is given up is a fault', async () => {
    await open().write(record, undefined, patiently());
    const other = new DatabaseSync(file);
    other.exec('BEGIN EXCLUSIVE');
    const giveUp = new AbortController();
    const request = open().read({ signal: giveUp.signal });
    setImmediate(() => {
      giveUp.abort();
    });
    await expect(request).rejects.toMatchObject({ name: 'LockFault', kind: 'unreachable' });
    other.close();
  });
});

describe('what does not heal is one line and final:', () => {
  const final = {
    name: 'LockFault',
    kind: 'unsupported',
    message: expect.stringMatching(/^[^\n]+$/) as string,
  };

  test.each([
    [
      'text',
      'this is no database, but long enough to have a header of one hundred bytes '.repeat(3),
    ],
    ['a truncated header', 'SQLite format 3\0'.padEnd(100, '\xff')],
  ])('a file of %s', async (_, content) => {
    await mkdir(join(folder, 'state'));
    await writeFile(file, content, 'latin1');
    await expect(read()).rejects.toMatchObject(final);
    expect((await stat(file)).size).toBe(content.length);
  });

  test('a database of another program, which stays as it was', async () => {
    await mkdir(join(folder, 'state'));
    edit('CREATE TABLE customers (name TEXT)');
    await expect(read()).rejects.toMatchObject(final);
    expect(ask('SELECT count(*) AS tables FROM sqlite_schema')).toEqual({ tables: 1 });
  });

  test('a database whose table somebody dropped', async () => {
    await open().write(record, undefined, patiently());
    edit('DROP TABLE lock');
    await expect(read()).rejects.toMatchObject(final);
  });

  test('a folder in place of the file', async () => {
    await mkdir(file, { recursive: true });
    await expect(read()).rejects.toMatchObject({
      ...final,
      message: expect.stringContaining('is not a file') as string,
    });
  });

  test('a file in place of the folder', async () => {
    await writeFile(join(folder, 'state'), '');
    await expect(read()).rejects.toMatchObject(final);
  });

  test('a folder that nobody can make', async () => {
    const lock = localLock({
      file: '/sys/k8s-leader/locks.db',
      namespace: 'default',
      name: 'demo',
    });
    await expect(lock.read(patiently())).rejects.toMatchObject(final);
  });

  test.each([
    ['NFS', 0x6969, '0x6969'],
    ['CIFS', 0xff534d42, '0xff534d42'],
    ['CIFS on 32 bits', 0xff534d42 | 0, '0xff534d42'],
    ['SMB2', 0xfe534d42, '0xfe534d42'],
    ['9p', 0x01021997, '0x1021997'],
  ])('a network file system: %s', async (_, type, shown) => {
    const lock = localLock({
      file,
      namespace: 'default',
      name: 'demo',
      fileSystemType: () => Promise.resolve(type),
    });
    await expect(lock.read(patiently())).rejects.toMatchObject({
      ...final,
      message: expect.stringContaining(`network file system (${shown})`) as string,
    });
  });
});

describe.runIf(process.getuid?.() === 0)('without permission', () => {
  const denied = { kind: 'unsupported', message: expect.stringContaining('EACCES') as string };

  test('to make the folder, the fault says so', async () => {
    await chmod(folder, 0o755);
    expect(await faultOfNobody()).toMatchObject(denied);
  });

  test('to write the file, the fault says so', async () => {
    await read();
    await chmod(folder, 0o755);
    await chmod(join(folder, 'state'), 0o777);
    await chmod(file, 0o444);
    expect(await faultOfNobody()).toMatchObject(denied);
  });

  test('to write next to the file, the fault says so', async () => {
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'state'), { mode: 0o755 });
    await writeFile(file, '');
    await chmod(file, 0o666);
    expect(await faultOfNobody()).toMatchObject(denied);
  });
});

describe('the default file', () => {
  test.each([
    [{ XDG_STATE_HOME: '/state', HOME: '/home/a' }, '/state/k8s-leader/locks.db'],
    [{ HOME: '/home/a' }, '/home/a/.local/state/k8s-leader/locks.db'],
    [{ XDG_STATE_HOME: '', HOME: '/home/a' }, '/home/a/.local/state/k8s-leader/locks.db'],
    [{ XDG_STATE_HOME: 'relative', HOME: '/home/a' }, '/home/a/.local/state/k8s-leader/locks.db'],
  ])('with %o is %s', (env, expected) => {
    expect(defaultLocalFile(env)).toBe(expected);
  });

  test.each([[{}], [{ HOME: '' }], [{ HOME: 'relative' }]])(
    'with %o is an error that names the flag',
    (env) => {
      const find = () => defaultLocalFile(env);
      expect(find).toThrow(ExpectedError);
      expect(find).toThrow(
        expect.objectContaining({
          exitCode: 69,
          hint: expect.stringContaining('--local-file') as string,
        }),
      );
    },
  );
});

function open(key: { namespace?: string; name?: string } = {}): Lock {
  return localLock({ file, namespace: 'default', name: 'counter', ...key });
}

function read() {
  return open().read(patiently());
}

function patiently() {
  return { signal: AbortSignal.timeout(10_000) };
}

/** The hand of a person with a SQLite shell. */
function edit(sql: string): void {
  const database = new DatabaseSync(file, { timeout: 1_000 });
  database.exec(sql);
  database.close();
}

function ask(sql: string) {
  const database = new DatabaseSync(file, { timeout: 1_000 });
  const row = database.prepare(sql).get();
  database.close();
  return row && { ...row };
}

function fixture(name: string): string {
  return join(import.meta.dirname, 'fixtures', name);
}

function spawnIncrement(count: number) {
  return spawn(process.execPath, [fixture('increment.ts'), file, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function increment(count: number): Promise<string[]> {
  const versions = await text(spawnIncrement(count).stdout);
  return versions.trim().split('\n');
}

/** What a user without any permission is told. */
async function faultOfNobody(): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [fixture('fault.ts'), file], {
    uid: 65_534,
    gid: 65_534,
  });
  return JSON.parse(stdout);
}
