/**
 * A SQLite file that the processes of one machine share. Each transaction opens it anew and closes it, so a file
 * that was deleted or replaced is noticed and never kept alive by us. Waiting for others happens between
 * attempts, on the event loop; inside SQLite nothing ever waits.
 *
 * The file is opened by SQLite alone: closing any other descriptor of it would drop the POSIX locks this
 * process holds on it (https://sqlite.org/howtocorrupt.html §2.2).
 */
import { statSync } from 'node:fs';
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockFault, type FaultKind } from '../election/lock.ts';
import { oneLine } from '../kube/one-line.ts';

/** Where the database is, and how to find out what kind of file system that is. */
export interface LocalFile {
  /** Absolute, so that it is neither a URI nor `:memory:` to SQLite. */
  readonly path: string;
  /** `f_type` of statfs(2). */
  readonly fileSystemType: (path: string) => Promise<number>;
}

/** A transaction is over in a few milliseconds, so is the wait for one. */
const busyPauseMs = 5;

/**
 * Runs `work` inside one immediate transaction, so nobody else writes in between. Waits for others until
 * `signal` aborts. When the file at the path is no longer the one it was before, nothing is returned.
 * @throws {LockFault} `unsupported` for what does not heal by itself, `unreachable` for the rest
 */
export async function transact<T>(
  file: LocalFile,
  signal: AbortSignal,
  work: (database: DatabaseSync) => T,
): Promise<T> {
  for (;;) {
    try {
      return await attempt(file, signal, work);
    } catch (thrown) {
      if (!isBusy(thrown)) throw await faultFrom(thrown, file.path);
    }
    await sleep(busyPauseMs, undefined, { signal }).catch(() => undefined);
  }
}

async function attempt<T>(
  file: LocalFile,
  signal: AbortSignal,
  work: (database: DatabaseSync) => T,
): Promise<T> {
  const { path } = file;
  // Loaded late: whoever elects on Kubernetes never pays for SQLite.
  const { DatabaseSync } = await import('node:sqlite').catch(withoutSqlite);
  const found = await stat(path, { bigint: true }).catch(undefinedWhenAbsent);
  if (found?.isFile() === false)
    throw lockFileFault('unsupported', `the lock file ${path} is not a file`);
  if (found === undefined) await makeFolder(dirname(path));
  await refuseNetwork(file, found === undefined ? dirname(path) : path);
  if (signal.aborted) throw lockFileFault('unreachable', `gave up on the lock file ${path}`);

  if (found === undefined) new DatabaseSync(path).close();
  const before = found ?? statSync(path, { bigint: true });
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = DELETE; BEGIN IMMEDIATE');
    const result = work(database);
    database.exec('COMMIT');
    // Before closing: as long as it is open, no other file can have got its inode number.
    const after = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (after?.ino !== before.ino || after.dev !== before.dev) throw replaced(path);
    return result;
  } finally {
    database.close();
  }
}

/** As `mkdir -p`. Node's own tries for ever where the system says that a parent which exists does not, as in /proc. */
async function makeFolder(path: string): Promise<void> {
  const unlessItExists = (thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  };
  try {
    await mkdir(path, { mode: 0o700 }).catch(unlessItExists);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || path === dirname(path)) throw thrown;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 }).catch(unlessItExists);
  }
}

/** Path and reason are words of others. */
export function lockFileFault(
  kind: FaultKind,
  message: string,
  options: { hint?: string; cause?: unknown } = {},
): LockFault {
  return new LockFault(kind, oneLine(message), options);
}

function withoutSqlite(cause: unknown): never {
  const hint = 'use Node 22.13 or newer';
  throw lockFileFault('unsupported', 'this Node comes without SQLite', { hint, cause });
}

function undefinedWhenAbsent(thrown: unknown): undefined {
  if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
}

function replaced(path: string): LockFault {
  return lockFileFault('unreachable', `the lock file ${path} was replaced while it was in use`);
}

/** NFS, SMB, CIFS, SMB2, 9p, Ceph, Lustre, GPFS, two of AFS, Coda, BeeGFS, PanFS: linux/magic.h, statfs(2). */
const networkFileSystems = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x00c36400, 0x0bd00bd0, 0x47504653,
  0x5346414f, 0x6b414653, 0x73757245, 0x19830326, 0xaad7aaea,
]);

async function refuseNetwork(file: LocalFile, path: string): Promise<void> {
  // Unsigned, because a 32-bit kernel reports the upper half of the numbers as negative.
  const type = (await file.fileSystemType(path)) >>> 0;
  if (!networkFileSystems.has(type)) return;
  const message = `the lock file ${file.path} is on a network file system (0x${type.toString(16)})`;
  const hint =
    'choose a disk of this machine with --local-file; among machines, elect on Kubernetes';
  throw lockFileFault('unsupported', message, { hint });
}

/** https://sqlite.org/rescode.html; the last is SQLITE_READONLY_DBMOVED. */
const sqlite = {
  error: 1,
  busy: 5,
  readonly: 8,
  corrupt: 11,
  cannotOpen: 14,
  notADatabase: 26,
  moved: 1032,
};

function resultCode(thrown: unknown): number {
  return (thrown as { errcode?: number }).errcode ?? 0;
}

function isBusy(thrown: unknown): boolean {
  return (resultCode(thrown) & 0xff) === sqlite.busy;
}

async function faultFrom(thrown: unknown, path: string): Promise<LockFault> {
  if (thrown instanceof LockFault) return thrown;
  const code = resultCode(thrown);
  if (code === 0) return fileFault(thrown, path);
  if (code === sqlite.moved) return replaced(path);
  if ([sqlite.cannotOpen, sqlite.readonly].includes(code & 0xff)) {
    // SQLite does not say why; the kernel does.
    const denied = await accessProblem(path);
    if (denied !== undefined) return fileFault(denied, path);
  }
  const message = `cannot use the lock file ${path}: ${(thrown as Error).message}`;
  if (![sqlite.error, sqlite.corrupt, sqlite.notADatabase].includes(code & 0xff))
    return lockFileFault('unreachable', message, { cause: thrown });
  const hint = 'stop every candidate on this machine, then delete the file; it is made anew';
  return lockFileFault('unsupported', message, { hint, cause: thrown });
}

/** SQLite writes its journal next to the file, so the folder counts as well. */
async function accessProblem(path: string): Promise<unknown> {
  try {
    await access(dirname(path), constants.W_OK | constants.X_OK);
    await access(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

/** What may heal; a folder that is gone may be mounted again. */
const passing = [
  'ENOENT',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EAGAIN',
  'ESTALE',
];

function fileFault(cause: unknown, path: string): LockFault {
  const { message, code } = cause as NodeJS.ErrnoException;
  // Node goes on with the system call and the path, which the line has already.
  const line = `cannot use the lock file ${path}: ${message.split(',')[0] ?? message}`;
  if (code === undefined || passing.includes(code))
    return lockFileFault('unreachable', line, { cause });
  const hint = 'choose a file in a folder that you may write to with --local-file';
  return lockFileFault('unsupported', line, { hint, cause });
}
