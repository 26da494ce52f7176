import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import {
  chmod,
  chown,
  lchown,
  link,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import type { Lock, LockFault, Versioned } from '../../src/election/lock.ts';
import { ExpectedError } from '../../src/errors.ts';
import { replaceState } from '../../src/locks/local-states.ts';
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
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

lockContract('the local lock', () => {
  const handle = () => localLock({ file, namespace: 'default', name: 'demo' });
  return Promise.resolve({
    lock: handle(),
    another: handle,
    remove: () => rm(lockFolder('demo'), { recursive: true }),
    close: () => Promise.resolve(),
  });
});

lockContract('the local lock whose file is removed', () => {
  const handle = () => localLock({ file, namespace: 'default', name: 'demo' });
  return Promise.resolve({
    lock: handle(),
    another: handle,
    remove: () => rm(file),
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
    isUnwatched: true,
    close: () => Promise.resolve(),
  });
});

describe('among processes', () => {
  it('loses no update', async () => {
    const versions = await Promise.all(Array.from({ length: 8 }, () => increment(10)));
    expect((await read())?.record.transitions).toBe(80);
    expect(new Set(versions.flat()).size).toBe(80);
    for (const own of versions) expect(own).toEqual([...own].sort((a, b) => Number(a) - Number(b)));
  });

  it('survives processes killed in the middle', async () => {
    const writers = Array.from({ length: 4 }, () => spawnIncrement(1_000_000));
    await Promise.all(writers.map(({ stdout }) => once(stdout, 'data')));
    const gone = writers.map((writer) => once(writer, 'exit'));
    for (const writer of writers) writer.kill('SIGKILL');
    await Promise.all(gone);
    const seen = await read();
    expect(await open().write(record, seen, patiently())).toMatchObject({ kind: 'written' });
  });
});

describe('a process that is stopped', () => {
  it('keeps nobody from writing, at whatever moment, and writes nothing over it', async () => {
    const writer = spawnIncrement(1_000_000);
    writer.stdout.resume();
    await once(writer.stdout, 'data');
    try {
      for (let round = 0; round < 30; round += 1) {
        await until(async () => (await read())!.record.holder === String(writer.pid));
        writer.kill('SIGSTOP');
        const mine = await raise('me');
        writer.kill('SIGCONT');
        await until(async () => (await read())!.record.holder === String(writer.pid));
        // Each write of his is one more than the state before it: mine is among them.
        expect((await read())!.record.transitions).toBeGreaterThan(mine.record.transitions);
      }
    } finally {
      writer.kill('SIGKILL');
    }
  });

  it('between its state and the swap finds a conflict', async () => {
    const basis = await raise('a');
    const mark = { number: BigInt(basis.version), id: basis.origin as string };
    const overtaken = await replaceState(
      lockFolder(),
      mark,
      { text: '{"holder":"b"}', mustLast: true },
      {
        get aborted() {
          return false;
        },
        // Between writing the state and the rename.
        throwIfAborted: () => {
          const [head = ''] = readdirSync(lockFolder()).filter((name) => name.startsWith('head'));
          renameSync(join(lockFolder(), head), join(lockFolder(), 'head-9-0123456789abcdef'));
          writeFileSync(join(lockFolder(), 'state-9-0123456789abcdef'), '{"holder":"c"}');
        },
      } as AbortSignal,
    );
    expect(overtaken).toBeUndefined();
    expect((await read())?.record.holder).toBe('c');
    await raise('d');
    expect((await read())?.record.holder).toBe('d');
  });
});

describe('the file', () => {
  it('and all beside it are for their owner alone, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      await raise('a');
    } finally {
      process.umask(before);
    }
    const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
    expect(await modeOf(file)).toBe(0o600);
    for (const folder of [dirname(file), `${file}.d`, dirname(lockFolder()), lockFolder()])
      expect(await modeOf(folder)).toBe(0o700);
    const states = await readdir(lockFolder());
    expect(states).toHaveLength(3);
    for (const name of states) expect(await modeOf(join(lockFolder(), name))).toBe(0o600);
  });

  it('has its folder beside it, and nothing is left in that but the present state', async () => {
    for (const holder of ['a', 'b', 'c']) await raise(holder);
    expect(await readdir(join(folder, 'state'))).toEqual(['locks.db', 'locks.db.d']);
    expect(await readdir(`${file}.d`)).toHaveLength(1);
    const { version, origin, uid } = (await read())!;
    const state = `${version}-${String(origin)}`;
    const names = [`head-${state}`, `lock-${uid!}`, `state-${state}`];
    expect(await readdir(lockFolder())).toEqual(names);
  });

  it('keeps the states that somebody means to write, and removes those of the past', async () => {
    const { version } = await raise('a');
    const pending = `state-${BigInt(version) + 2n}-0123456789abcdef`;
    const past = `state-${version}-fedcba9876543210`;
    for (const name of [pending, past]) await writeFile(join(lockFolder(), name), '{}');
    await raise('b');
    const names = await readdir(lockFolder());
    expect(names).toContain(pending);
    expect(names).not.toContain(past);
  });

  it('holds one lock per namespace and name, each untouched by the others', async () => {
    const others = [open({ name: 'other' }), open({ namespace: 'other' }), open({ name: '../x' })];
    for (const other of others)
      await other.write({ ...record, holder: 'x' }, undefined, patiently());
    const before = await Promise.all(others.map((other) => other.read(patiently())));
    await open().write(record, undefined, patiently());
    expect(await Promise.all(others.map((other) => other.read(patiently())))).toEqual(before);
    expect(await readdir(dirname(lockFolder()))).toHaveLength(4);
  });

  it('may have a lock of any name', async () => {
    const long = open({ namespace: 'ü'.repeat(63), name: 'x'.repeat(253) });
    await long.write(record, undefined, patiently());
    expect((await long.read(patiently()))?.record).toEqual(record);
  });

  it('may be empty, and two that begin it agree', async () => {
    for (let round = 0; round < 20; round += 1) {
      await rm(join(folder, 'state'), { recursive: true, force: true });
      await mkdir(join(folder, 'state'), { mode: 0o700 });
      await writeFile(file, '');
      const results = await Promise.all(
        ['a', 'b', 'c'].map((holder) =>
          open().write({ ...record, holder }, undefined, patiently()),
        ),
      );
      expect(results.filter(({ kind }) => kind === 'written')).toHaveLength(1);
    }
  });

  it('is one lock by whatever link it is reached', async () => {
    await raise('a');
    await symlink(file, join(folder, 'link'));
    const linked = localLock({ file: join(folder, 'link'), namespace: 'default', name: 'counter' });
    expect(await linked.read(patiently())).toEqual(await read());
    await link(file, join(folder, 'hard'));
    const hard = localLock({ file: join(folder, 'hard'), namespace: 'default', name: 'counter' });
    await expect(hard.read(patiently())).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('is here without its folder') as string,
    });
  });

  it('is never trusted when it was replaced during a request', async () => {
    await raise('a');
    const stale = (await read())!;
    let replaced = 0;
    const usurped = localLock({
      file,
      namespace: 'default',
      name: 'counter',
      fileSystemType: () => Promise.resolve(0xef53),
    });
    // The first signal check of a write is right before its swap.
    const replacing = (replace: () => void) =>
      ({
        aborted: false,
        throwIfAborted: () => {
          replaced += 1;
          if (replaced === 2) replace();
        },
      }) as AbortSignal;
    const write = usurped.write({ ...record, holder: 'b' }, stale, {
      signal: replacing(() => {
        renameSync(file, `${file}.away`);
      }),
    });
    await expect(write).rejects.toMatchObject({
      kind: 'unreachable',
      message: `the lock file ${file} was replaced while it was in use`,
    });
    expect(replaced).toBe(2);
  });

  it('makes no version of a deleted file valid in the next one, and tokens grow on', async () => {
    const first = await raise('a');
    await rm(join(folder, 'state'), { recursive: true });
    const { version } = await raise('newcomer');
    expect(await open().write(record, first, patiently())).toEqual({ kind: 'conflict' });
    expect((await read())?.record.holder).toBe('newcomer');
    expect(BigInt(version)).toBeGreaterThan(BigInt(first.version));
  });

  it.each([
    ['the file', () => rm(file)],
    ['the lock', () => rm(lockFolder(), { recursive: true })],
    [
      'everything, as long as somebody goes on',
      () => rm(join(folder, 'state'), { recursive: true }),
    ],
  ])(
    'gives greater tokens after a removal of %s, however far the clock steps back',
    async (_, remove) => {
      const standby = open();
      const before = await raise('a');
      await standby.read(patiently());
      vi.setSystemTime(new Date('2001-01-01'));
      for (let life = 0; life < 3; life += 1) {
        await remove();
        const result = await standby.write(record, undefined, patiently());
        if (result.kind === 'conflict') throw new Error('conflict');
        expect(BigInt(result.current.version)).toBeGreaterThan(BigInt(before.version));
      }
      expect(await readdir(`${file}.d`)).toHaveLength(1);
    },
  );

  it('is another one after that, as its uid tells, and the same as long as nobody removes it', async () => {
    const { uid } = await raise('a');
    expect(uid).toMatch(/^[0-9a-f]{16}$/);
    expect([(await raise('b')).uid, (await read())?.uid]).toEqual([uid, uid]);
    await rm(lockFolder(), { recursive: true });
    expect((await raise('b')).uid).not.toBe(uid);
  });

  it('remembers for newcomers what it has given out', async () => {
    const before = await raise('a');
    vi.setSystemTime(new Date('2001-01-01'));
    for (let life = 0; life < 3; life += 1) {
      await rm(file);
      // No lock is made in this life but another one.
      await open({ name: 'other' }).read(patiently());
    }
    expect(BigInt((await raise('b')).version)).toBeGreaterThan(BigInt(before.version));
  });
});

describe('a state edited by hand', () => {
  test.each([
    ['', {}],
    ['-5', {}],
    ['\0\xff', {}],
    ['rubbish', {}],
    ['null', {}],
    ['[1]', {}],
    ['{"holder":7,"leaseDurationMs":"x","acquireTimeUs":[],"transitions":null}', {}],
    ['{"leaseDurationMs":-1,"acquireTimeUs":-1,"renewTimeUs":1.5,"transitions":-1}', {}],
    ['{"leaseDurationMs":0,"renewTimeUs":9e999,"transitions":9223372036854775807}', {}],
    ['{"holder":"me","more":1}', { holder: 'me' }],
    ['x'.repeat(2 ** 21), {}],
  ])(
    'to %.80s is read like a Lease that lacks fields, and can be written over',
    async (text, left) => {
      const { version, origin } = await raise('a');
      await writeFile(join(lockFolder(), `state-${version}-${String(origin)}`), text);
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
    const { version, origin } = await raise('a');
    for (const kind of ['head', 'state'])
      await rename(
        join(lockFolder(), `${kind}-${version}-${String(origin)}`),
        join(lockFolder(), `${kind}-9223372036854775807-${String(origin)}`),
      );
    expect((await read())?.version).toBe('9223372036854775807');
  });

  it.each(['head', 'state'])('out of existence: %s is a fault that heals', async (part) => {
    await raise('a');
    const [name = ''] = (await readdir(lockFolder())).filter((each) => each.startsWith(part));
    await rename(join(lockFolder(), name), join(folder, 'away'));
    const gone = { kind: 'unreachable', message: `a part of the lock in ${lockFolder()} is gone` };
    await expect(read()).rejects.toMatchObject(gone);
    expect(await open().write(record, undefined, patiently())).toEqual({ kind: 'conflict' });
    await rename(join(folder, 'away'), join(lockFolder(), name));
    expect((await read())?.record.holder).toBe('a');
  });
});

describe('what does not heal is one line and final:', () => {
  const final = {
    name: 'LockFault',
    kind: 'unsupported',
    message: expect.stringMatching(/^[^\n]+$/) as string,
  };
  const none = {
    ...final,
    message: expect.stringContaining('is not a lock file of k8s-leader') as string,
  };

  test.each([
    ['text', 'this is no lock file, but long enough to have a first line '.repeat(9)],
    ['a database', 'SQLite format 3\0'.padEnd(100, '\xff')],
    ['nearly ours', 'k8s-leader-locks-1 1764429000000000-5f0c8e1b9a3d7c2\n'],
    ['nothing but an empty line', '\n'],
  ])(
    'a file of %s, which stays as it was; nothing says that it may be deleted',
    async (_, content) => {
      await mkdir(join(folder, 'state'), { mode: 0o700 });
      await writeFile(file, content, 'latin1');
      const fault = await read().catch((thrown: unknown) => thrown as LockFault);
      expect(fault).toMatchObject(none);
      expect(JSON.stringify([fault, (fault as LockFault).message])).not.toMatch(/delete|remove/);
      expect(await readFile(file, 'latin1')).toBe(content);
      expect(await readdir(join(folder, 'state'))).toEqual(['locks.db']);
    },
  );

  test('a file whose folder somebody took away', async () => {
    await raise('a');
    await rm(`${file}.d`, { recursive: true });
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

  test.each(['/sys/k8s-leader/locks.db', '/proc/foo.db', '/proc/a/b.db', '/proc/self/fdinfo/x.db'])(
    'a place where nobody can make files: %s',
    async (path) => {
      const lock = localLock({ file: path, namespace: 'default', name: 'demo' });
      await expect(lock.read(patiently())).rejects.toMatchObject(final);
      await expect(lock.write(record, undefined, patiently())).rejects.toMatchObject(final);
    },
  );

  test.each([
    ['NFS', 0x6969, '0x6969'],
    ['CIFS', 0xff534d42, '0xff534d42'],
    ['CIFS on 32 bits', 0xff534d42 | 0, '0xff534d42'],
    ['SMB2', 0xfe534d42, '0xfe534d42'],
    ['9p', 0x01021997, '0x1021997'],
    ['FUSE', 0x65735546, '0x65735546'],
    ['VirtualBox', 0x786f4256, '0x786f4256'],
    ['OCFS2', 0x7461636f, '0x7461636f'],
    ['GFS2', 0x01161970, '0x1161970'],
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

describe.runIf(process.getuid?.() === 0)('where other users may write', () => {
  const final = (words: string) => ({
    kind: 'unsupported',
    message: expect.stringContaining(words) as string,
  });
  const stranger = 65_534;

  test.each([0o777, 0o775, 0o2770])('a folder of mode %o is refused', async (mode) => {
    await mkdir(join(folder, 'state'));
    await chmod(join(folder, 'state'), mode);
    await expect(read()).rejects.toMatchObject(final('other users may write to the folder'));
    expect(await readdir(join(folder, 'state'))).toEqual([]);
  });

  test('a folder of another user is refused', async () => {
    await mkdir(join(folder, 'state'), { mode: 0o700 });
    await chown(join(folder, 'state'), stranger, stranger);
    await expect(read()).rejects.toMatchObject(final('in a folder of another user (uid 65534)'));
  });

  test('a sticky folder does, but not with what another user has put there', async () => {
    await mkdir(join(folder, 'state'));
    await chmod(join(folder, 'state'), 0o1777);
    await raise('a');
    const ours = [file, `${file}.d`, dirname(lockFolder())];
    for (const each of ours) {
      await chown(each, stranger, stranger);
      await expect(read()).rejects.toMatchObject({ kind: 'unsupported' });
      await chown(each, 0, 0);
      expect((await read())?.record.holder).toBe('a');
    }
    await rm(file);
    await symlink(join(folder, 'elsewhere'), file);
    await lchown(file, stranger, stranger);
    await expect(read()).rejects.toMatchObject(final('belongs to another user'));
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
    await chmod(join(folder, 'state'), 0o755);
    expect(await faultOfNobody()).toMatchObject(denied);
  });

  test('to make the file, the fault says so', async () => {
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'state'), { mode: 0o755 });
    expect(await faultOfNobody()).toMatchObject(denied);
  });
});

describe('the default file', () => {
  test.each([
    [{ XDG_STATE_HOME: '/state', HOME: '/home/a' }, '/state/k8s-leader/locks'],
    [{ HOME: '/home/a' }, '/home/a/.local/state/k8s-leader/locks'],
    [{ XDG_STATE_HOME: '', HOME: '/home/a' }, '/home/a/.local/state/k8s-leader/locks'],
    [{ XDG_STATE_HOME: 'relative', HOME: '/home/a' }, '/home/a/.local/state/k8s-leader/locks'],
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
  return { signal: AbortSignal.timeout(60_000) };
}

/** Where the states of the lock are. */
function lockFolder(name = 'counter'): string {
  const [, store = ''] = /^k8s-leader-locks-1 (.*)\n$/.exec(readFileSync(file, 'utf8')) ?? [];
  return join(`${file}.d`, store, `default+${name}`);
}

/** A write of ours that meets no conflict, however many write beside us. */
async function raise(holder: string): Promise<Versioned> {
  for (;;) {
    const basis = await read();
    const transitions = (basis?.record.transitions ?? 0) + 1;
    const result = await open().write({ ...record, holder, transitions }, basis, patiently());
    if (result.kind === 'written') return result.current;
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate);
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
