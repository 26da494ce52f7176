/**
 * The file that --local-file names. Its first line says in which folder below FILE.d the locks are:
 *
 *     k8s-leader-locks-1 1764429000000000-5f0c8e1b9a3d7c24
 *
 * - Of several lines the first counts: who finds the file empty appends a line of its own, with one write, and then
 *   believes what the file says. So two that make it at once agree without locking anything.
 * - The folder exists before any line names it, and its name is never used twice. A file that is reached by another way
 *   than its folder (a hard link, a mount of the file alone) is therefore noticed; it is no second lock.
 * - The number in the name is a floor: every version in the folder is greater. A file that is made anew takes one above
 *   all that was ever reached in the folders that are left, whatever the wall clock says, and removes those.
 */
import { lstat, open, readdir, realpath, remove, stat } from '../platform/files.ts';
import { dirname, join } from '../platform/paths.ts';
import type { OpenFile } from '../platform/ports.ts';
import { randomHex } from '../platform/random.ts';
import { codeOf, lockFileFault, undefinedWhenAbsent } from './local-fault.ts';
import {
  makeFolder,
  refuseOpenFolder,
  refuseShared,
  refuseStrange,
  whyNotMade,
  type FileSystemType,
} from './local-place.ts';
import { highestIn } from './local-states.ts';

export interface LocalFile {
  /** Absolute. */
  readonly path: string;
  readonly fileSystemType: FileSystemType;
}

/** Where the locks of a file are. */
export interface Store {
  readonly folder: string;
  /** Every version in it is greater. */
  readonly floor: bigint;
  /** @throws {LockFault} when the file has been removed or replaced since, so that others may be somewhere else */
  readonly confirm: () => Promise<void>;
}

/**
 * Finds the folder of the locks. What does not exist is made, with versions above `seen`.
 * @throws {LockFault | Error} an error of the system, for `fileFault`
 */
export async function openStore(file: LocalFile, seen: bigint): Promise<Store> {
  const path = await resolved(file.path);
  const folder = dirname(path);
  if ((await stat(folder).catch(undefinedWhenAbsent)) === undefined) await makeFolder(folder);
  await refuseShared(file.path, folder, file.fileSystemType);
  await refuseOpenFolder(file.path, folder);
  const handle = await openFile(path);
  try {
    refuseStrange(file.path, await handle.facts());
    const name = (await firstLine(handle, file.path)) ?? (await begin(handle, file, path, seen));
    const store = join(storesOf(path), name);
    await refuseMissing(file, dirname(store));
    await refuseMissing(file, store);
    const confirm = () => refuseReplaced(file.path, path, name);
    return { folder: store, floor: floorOf(name), confirm };
  } finally {
    await handle.close();
  }
}

const storesOf = (path: string) => `${path}.d`;
const lineForm = /^k8s-leader-locks-1 (\d{1,19}-[0-9a-f]{16})$/;
const floorOf = (store: string) => BigInt(/^\d{1,19}/.exec(store)?.[0] ?? 0);
/** Of the file; its first line is shorter. */
const mostBytes = 256;

/** The file itself where the path is a link to it: two ways to one file must lead to one folder. */
async function resolved(path: string): Promise<string> {
  const found = await lstat(path).catch(undefinedWhenAbsent);
  if (found?.kind === 'link') {
    refuseStrange(path, found);
    const target = await realpath(path).catch(undefinedWhenAbsent);
    if (target !== undefined) return resolved(target);
  }
  if (found && found.kind !== 'file')
    throw lockFileFault('unsupported', `the lock file ${path} is not a file`);
  return path;
}

async function openFile(path: string): Promise<OpenFile> {
  try {
    return await open(path, { write: 'append', noFollow: true, noWait: true });
  } catch (thrown) {
    throw await whyNotMade(thrown, path);
  }
}

/** The name of the folder; undefined while the file is empty. @throws {LockFault} when it is another file */
async function firstLine(handle: OpenFile, path: string): Promise<string | undefined> {
  const start = await handle.start(mostBytes);
  if (start.length === 0) return undefined;
  const [line = ''] = start.toString('latin1').split('\n');
  const [, name] = lineForm.exec(line) ?? [];
  if (name !== undefined) return name;
  throw lockFileFault('unsupported', `${path} is not a lock file of k8s-leader`, {
    hint: 'choose another file with --local-file',
  });
}

/** Says in the empty file where its locks are, unless somebody else does so first. */
async function begin(
  handle: OpenFile,
  file: LocalFile,
  path: string,
  seen: bigint,
): Promise<string> {
  const stores = storesOf(path);
  await makeFolder(stores);
  await refuseMissing(file, stores);

  const old = await readdir(stores);
  const floors = await Promise.all(old.map((name) => reachedIn(join(stores, name), name)));
  const floor = [BigInt(Date.now()) * 1_000n, seen, ...floors].reduce(greater) + 1n;
  const own = `${String(floor)}-${randomHex(8)}`;
  await makeFolder(join(stores, own));
  await handle.write(`k8s-leader-locks-1 ${own}\n`);
  await handle.sync();
  const name = (await firstLine(handle, file.path)) ?? own;
  await refuseReplaced(file.path, path, name);
  const left = name === own ? old : [own];
  for (const each of left) await removeStore(join(stores, each));
  return name;
}

/** The greatest version that a folder of locks may have given out. */
async function reachedIn(folder: string, name: string): Promise<bigint> {
  const locks = await readdir(folder).catch(() => []);
  const reached = await Promise.all(locks.map((lock) => highestIn(join(folder, lock))));
  return reached.reduce(greater, floorOf(name));
}

const greater = (one: bigint, other: bigint) => (one > other ? one : other);

/** What cannot be removed is in nobody's way. */
async function removeStore(folder: string): Promise<void> {
  await remove(folder).catch(() => undefined);
}

/** @throws {LockFault} when a folder of ours is not there, not ours alone, or where it must not be */
async function refuseMissing(file: LocalFile, folder: string): Promise<void> {
  const found = await lstat(folder).catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'ENOTDIR') undefinedWhenAbsent(thrown);
    return undefined;
  });
  const { path, fileSystemType } = file;
  if (found?.kind !== 'folder')
    throw lockFileFault(
      'unsupported',
      `the lock file ${path} is here without its folder ${folder}`,
      {
        hint: 'the two belong together, also where they are mounted or copied',
      },
    );
  refuseStrange(path, found);
  await refuseOpenFolder(path, folder);
  await refuseShared(path, folder, fileSystemType);
}

async function refuseReplaced(shown: string, path: string, name: string): Promise<void> {
  const handle = await open(path, { noWait: true }).catch(undefinedWhenAbsent);
  try {
    if (handle !== undefined && (await firstLine(handle, shown)) === name) return;
  } finally {
    await handle?.close();
  }
  throw lockFileFault('unreachable', `the lock file ${shown} was replaced while it was in use`);
}
