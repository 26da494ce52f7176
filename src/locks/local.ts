/**
 * A lock among the processes of one machine: a row in a SQLite file. The election on it is the same as on a
 * Lease, so nobody has to guess from a pid who is alive: containers share folders but not pids, and pids come back.
 *
 * A version is a number from one counter for the whole file, which starts at the wall clock (in microseconds, so
 * tokens of a re-created file go on growing) and is raised by every change of every row, by hand or by us, and
 * never falls when a row is deleted. Two files are told apart by a random number, kept as SQLite's user_version:
 * a basis read from a file that was deleted since must not match by chance.
 */
import { randomInt } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type {
  LeaderRecord,
  Lock,
  Remarks,
  Versioned,
  Wish,
  WriteResult,
} from '../election/lock.ts';
import { recordAfter } from '../election/remarks.ts';
import { ExpectedError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';
import { lockFileFault, transact, type LocalFile } from './local-file.ts';
import { keysIn } from './remark-fields.ts';

export interface LocalLockOptions {
  /** The database. It and its folder (for its owner alone) are made when they do not exist. */
  readonly file: string;
  readonly namespace: string;
  readonly name: string;
  /** The kind of file system a path is on, as `f_type` of statfs(2); by default the kernel is asked. */
  readonly fileSystemType?: LocalFile['fileSystemType'];
}

/**
 * A lock that all processes of this machine share that name the same file, namespace and name. Its faults are
 * `unsupported` where no retry helps (no permission, a network file system, not our database).
 */
export function localLock(options: LocalLockOptions): Lock {
  const key: Key = { namespace: options.namespace, name: options.name };
  const file: LocalFile = {
    path: resolve(options.file),
    fileSystemType: options.fileSystemType ?? (async (path) => (await statfs(path)).type),
  };
  return {
    read: ({ signal }) =>
      transact(file, signal, (database) => select(database, key, generationOf(database, file))),
    write: (given, basis, { signal }) =>
      transact(file, signal, (database): WriteResult => {
        const origin = generationOf(database, file);
        const seen = select(database, key, origin);
        if (seen?.version !== basis?.version || seen?.origin !== basis?.origin)
          return { kind: 'conflict' };
        const record = recordAfter(given, seen?.record);
        const statement = database.prepare(seen === undefined ? insert : update);
        statement.run({ ...key, record: JSON.stringify(record) });
        const version = scalar(database, latestVersion);
        return { kind: 'written', current: { record, version, origin } };
      }),
  };
}

/**
 * Where local locks live unless told otherwise: `$XDG_STATE_HOME/k8s-leader/locks.db`, else the same below
 * `$HOME/.local/state`. Relative paths are ignored, as the XDG Base Directory Specification demands.
 * @throws {ExpectedError} 69 when neither is set
 */
export function defaultLocalFile(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: state = '', HOME: home = '' } = env;
  if (isAbsolute(state)) return join(state, 'k8s-leader', 'locks.db');
  if (isAbsolute(home)) return join(home, '.local', 'state', 'k8s-leader', 'locks.db');
  const message = 'no place for local locks: neither XDG_STATE_HOME nor HOME is set';
  throw new ExpectedError(exitCode.unavailable, message, {
    hint: 'name a file with --local-file FILE',
  });
}

type Key = Readonly<Record<'namespace' | 'name', string>>;

/** "k8sl": tells our files from other programs' databases. */
const applicationId = 0x6b38736c;

const schema = `
  CREATE TABLE lock (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    record TEXT,
    UNIQUE (namespace, name)
  );
  CREATE TRIGGER lock_changed AFTER UPDATE ON lock WHEN NEW.version = OLD.version BEGIN
    UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'lock';
    UPDATE lock SET version = (SELECT seq FROM sqlite_sequence WHERE name = 'lock')
      WHERE version = OLD.version;
  END;`;
const insert = 'INSERT INTO lock (namespace, name, record) VALUES (:namespace, :name, :record)';
const update = 'UPDATE lock SET record = :record WHERE namespace = :namespace AND name = :name';
// As text, because node:sqlite throws at numbers beyond 2^53, which a hand may have put there.
const latest = `SELECT CAST(version AS TEXT) AS version, record FROM lock
  WHERE namespace = :namespace AND name = :name`;
const latestVersion = `SELECT CAST(seq AS TEXT) FROM sqlite_sequence WHERE name = 'lock'`;

/** What tells this file from one that was at its path before. Gives an empty file its tables. */
function generationOf(database: DatabaseSync, { path }: LocalFile): string {
  const id = scalar(database, 'PRAGMA application_id');
  if (id === String(applicationId)) return scalar(database, 'PRAGMA user_version');
  if (id !== '0' || scalar(database, 'SELECT count(*) FROM sqlite_schema') !== '0')
    throw lockFileFault('unsupported', `${path} is the database of another program`, {
      hint: 'choose another file with --local-file',
    });
  const generation = String(randomInt(1, 2 ** 31));
  database.exec(`${schema}
    INSERT INTO sqlite_sequence (name, seq) VALUES ('lock', ${String(Date.now() * 1_000)});
    PRAGMA application_id = ${String(applicationId)};
    PRAGMA user_version = ${generation}`);
  return generation;
}

/** The one value a query answers with, as text. */
function scalar(database: DatabaseSync, query: string): string {
  return String(Object.values(database.prepare(query).get() ?? {})[0]);
}

function select(database: DatabaseSync, key: Key, origin: string): Versioned | undefined {
  const row = database.prepare(latest).get(key);
  return row && { record: recordFrom(row['record']), version: String(row['version']), origin };
}

/** Whatever a hand has put there becomes what a field that is missing from a Lease is. */
function recordFrom(column: SQLOutputValue | undefined): LeaderRecord {
  const fields = fieldsOf(column);
  return {
    holder: typeof fields.holder === 'string' ? fields.holder : '',
    leaseDurationMs: amount(fields.leaseDurationMs, 1),
    acquireTimeUs: amount(fields.acquireTimeUs),
    renewTimeUs: amount(fields.renewTimeUs),
    transitions: amount(fields.transitions) ?? 0,
    ...remarksFrom(fields),
  };
}

function remarksFrom({ wish, done }: { [field in keyof Remarks]?: unknown }): Remarks {
  const keys = keysIn(done);
  const { holder, acquireTimeUs } = (wish ?? {}) as { [field in keyof Wish]?: unknown };
  const beganAtUs = amount(acquireTimeUs);
  const isWish = typeof holder === 'string' && holder !== '' && beganAtUs !== undefined;
  return {
    ...(isWish ? { wish: { holder, acquireTimeUs: beganAtUs } } : {}),
    ...(keys ? { done: keys } : {}),
  };
}

function fieldsOf(column: SQLOutputValue | undefined): { [field in keyof LeaderRecord]?: unknown } {
  try {
    const fields: unknown = JSON.parse(String(column));
    return typeof fields === 'object' && fields !== null ? fields : {};
  } catch {
    return {};
  }
}

function amount(value: unknown, least = 0): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= least ? (value as number) : undefined;
}
