/**
 * A lock among the processes of one machine, in files. The election on it is the same as on a Lease, so nobody has to
 * guess from a pid who is alive: containers share folders but not pids, and pids come back.
 *
 * `local-file.ts` finds the folder of the locks, `local-states.ts` swaps states in it, and says why no process can be
 * in another one's way. Each request looks at the file anew, before and after: where it was removed or replaced in
 * between, nothing is believed.
 *
 * A version is the number of a state. A lock begins above the floor of its folder, the wall clock (in microseconds) and
 * whatever this process has seen, so tokens go on growing when the file is made anew.
 */
import type { LeaderRecord, Lock, Versioned } from '../election/lock.ts';
import { recordAfter } from '../election/record.ts';
import { ExpectedError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';
import { sha256 } from '../platform/digest.ts';
import { fileSystemType } from '../platform/files.ts';
import { isAbsolute, join, resolve } from '../platform/paths.ts';
import { fileFault, lockFileFault } from './local-fault.ts';
import { openStore, type LocalFile, type Store } from './local-file.ts';
import { recordFrom } from './local-record.ts';
import { createState, markOf, presentState, replaceState } from './local-states.ts';
import type { Mark, State } from './local-states.ts';
import { localSightings, type Look } from './local-watch.ts';

export interface LocalLockOptions {
  /** It, its folder (for its owner alone) and FILE.d are made when they do not exist. */
  readonly file: string;
  readonly namespace: string;
  readonly name: string;
  /** The kind of file system a path is on, as `f_type` of statfs(2); by default the kernel is asked. */
  readonly fileSystemType?: LocalFile['fileSystemType'];
}

/**
 * A lock that all processes of this machine share that name the same file, namespace and name. Its faults are
 * `unsupported` where no retry helps (no permission, a network file system, not our file).
 */
export function localLock(options: LocalLockOptions): Lock {
  const file: LocalFile = {
    path: resolve(options.file),
    fileSystemType: options.fileSystemType ?? fileSystemType,
  };
  const name = folderName(options);
  let highest = 0n;
  const see = ({ number }: Mark) => {
    if (number > highest) highest = number;
  };

  /** Does something in the folder of the lock, as long as that is the one of the file. */
  async function inFolder<T>(
    signal: AbortSignal,
    work: (folder: string, store: Store) => Promise<T>,
  ): Promise<T> {
    try {
      signal.throwIfAborted();
      const store = await openStore(file, highest);
      const result = await work(join(store.folder, name), store);
      await store.confirm();
      return result;
    } catch (thrown) {
      if (signal.aborted)
        throw lockFileFault('unreachable', `gave up on the lock file ${file.path}`);
      throw fileFault(thrown, file.path);
    }
  }

  const look = (signal: AbortSignal): Promise<Look> =>
    inFolder(signal, async (folder) => {
      const state = await presentState(folder, signal);
      if (state === undefined) return { folder, seen: undefined };
      see(state.mark);
      return { folder, seen: versioned(recordFrom(state.text), state) };
    });

  return {
    read: async ({ signal }) => (await look(signal)).seen,
    watch: (signal) => Promise.resolve(localSightings(() => look(signal), signal)),
    write: (given, basis, { signal }) =>
      inFolder(signal, async (folder, { floor }) => {
        const record = recordAfter(given, basis?.record);
        const text = JSON.stringify(record);
        const before = basis && markOf(basis.version, basis.origin);
        if (basis && !before) return { kind: 'conflict' };
        const clock = BigInt(Date.now()) * 1_000n;
        const first = [clock, floor, highest].reduce((one, other) => (one > other ? one : other));
        const next = before
          ? await replaceState(folder, before, { text, mustLast: mustLast(record, basis) }, signal)
          : await createState(folder, first + 1n, text, signal);
        if (next === undefined) return { kind: 'conflict' };
        const state = 'mark' in next ? next : { mark: next, uid: basis?.uid };
        see(state.mark);
        return { kind: 'written', current: versioned(record, state) };
      }),
  };
}

/** The first state of a term, whose version is its token, and what has been done once for all. */
function mustLast(record: LeaderRecord, { record: before }: Versioned): boolean {
  const { holder, acquireTimeUs, done } = record;
  const isTermOf = holder === before.holder && acquireTimeUs === before.acquireTimeUs;
  return (holder !== '' && !isTermOf) || done !== undefined;
}

function versioned(record: LeaderRecord, { mark, uid }: Omit<State, 'text'>): Versioned {
  const { number, id } = mark;
  return { record, version: String(number), origin: id, uid };
}

/** One for each lock, with nothing in it that a path is made of, and no longer than a name may be. */
function folderName({ namespace, name }: LocalLockOptions): string {
  const plain = `${encodeURIComponent(namespace)}+${encodeURIComponent(name)}`;
  if (plain.length <= 200) return plain;
  return sha256(plain);
}

/**
 * Where local locks live unless told otherwise: `$XDG_STATE_HOME/k8s-leader/locks`, else the same below
 * `$HOME/.local/state`. Relative paths are ignored, as the XDG Base Directory Specification demands.
 * @throws {ExpectedError} 69 when neither is set
 */
export function defaultLocalFile(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: state = '', HOME: home = '' } = env;
  if (isAbsolute(state)) return join(state, 'k8s-leader', 'locks');
  if (isAbsolute(home)) return join(home, '.local', 'state', 'k8s-leader', 'locks');
  const message = 'no place for local locks: neither XDG_STATE_HOME nor HOME is set';
  throw new ExpectedError(exitCode.unavailable, message, {
    hint: 'name a file with --local-file FILE',
  });
}
