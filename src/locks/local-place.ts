/**
 * Whether locks can be kept in a folder: on a disk of this machine, and where nobody else may put, take away or
 * replace files.
 *
 * A sticky folder such as /tmp is safe. Others can make files in it, but they cannot remove or rename ours, and what
 * they have made before us is refused because it belongs to them.
 */
import { mkdir, stat } from '../platform/files.ts';
import { dirname } from '../platform/paths.ts';
import type { FileFacts } from '../platform/ports.ts';
import { effectiveUser } from '../platform/self.ts';
import { chooseAnother, codeOf, fileFault, lockFileFault } from './local-fault.ts';

/** The kind of file system a path is on: `f_type` of statfs(2). */
export type FileSystemType = (path: string) => Promise<number>;

/** As `mkdir -p`. Node's own tries for ever where the system says that a parent which exists does not, as in /proc. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return;
    if (codeOf(thrown) !== 'ENOENT' || path === dirname(path)) throw thrown;
    await makeFolder(dirname(path));
    await mkdir(path).catch((again: unknown) => unlessMade(again, path));
  }
}

async function unlessMade(thrown: unknown, path: string): Promise<void> {
  if (codeOf(thrown) !== 'EEXIST') throw await whyNotMade(thrown, path);
}

/** That a file or folder cannot be made heals when its folder comes, not where its folder exists, as in /proc. */
export async function whyNotMade(thrown: unknown, path: string): Promise<unknown> {
  const folder = dirname(path);
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (codeOf(thrown) !== 'ENOENT' || !isThere) return thrown;
  const message = `cannot use the lock file ${path}: ${folder} is no folder for files`;
  return lockFileFault('unsupported', message, { hint: chooseAnother, cause: thrown });
}

/**
 * On these, an operation may be carried out twice, answered from a cache, or differ from machine to machine: NFS, SMB,
 * CIFS, SMB2, 9p, Ceph, Lustre, GPFS, two of AFS, Coda, BeeGFS, PanFS; FUSE, which may be any of them; the shared
 * folders of VirtualBox, Parallels and VMware; OCFS2 and GFS2, which machines share. linux/magic.h, statfs(2).
 */
const sharedFileSystems = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x00c36400, 0x0bd00bd0, 0x47504653,
  0x5346414f, 0x6b414653, 0x73757245, 0x19830326, 0xaad7aaea, 0x65735546, 0x786f4256, 0x7c7c6673,
  0xbacbacbc, 0x7461636f, 0x01161970,
]);

/** @throws {LockFault} when the folder is on a file system that other machines may be using */
export async function refuseShared(
  file: string,
  folder: string,
  typeOf: FileSystemType,
): Promise<void> {
  // Unsigned, because a 32-bit kernel reports the upper half of the numbers as negative.
  const type = (await typeOf(folder)) >>> 0;
  if (!sharedFileSystems.has(type)) return;
  const message = `the lock file ${file} is on a network file system (0x${type.toString(16)})`;
  const hint =
    'choose a disk of this machine with --local-file; among machines, elect on Kubernetes';
  throw lockFileFault('unsupported', message, { hint });
}

const sticky = 0o1000;
const writableByOthers = 0o022;
const root = 0;

/** @throws {LockFault} when others could remove or replace what we keep in the folder */
export async function refuseOpenFolder(file: string, folder: string): Promise<void> {
  const found = await stat(folder).catch((thrown: unknown) => {
    throw fileFault(thrown, file);
  });
  if (found.kind !== 'folder')
    throw lockFileFault('unsupported', `cannot use the lock file ${file}: ${folder} is no folder`);
  const hint = 'choose a folder of its own with --local-file; one that does not exist is made';
  const us = effectiveUser();
  if (us !== undefined && ![us, root].includes(found.uid))
    throw lockFileFault(
      'unsupported',
      `the lock file ${file} is in a folder of another user (uid ${String(found.uid)})`,
      { hint },
    );
  if ((found.mode & writableByOthers) === 0 || (found.mode & sticky) !== 0) return;
  throw lockFileFault(
    'unsupported',
    `other users may write to the folder of the lock file ${file}`,
    {
      hint,
    },
  );
}

/** @throws {LockFault} when a file of a lock is not ours; another user may have put it there */
export function refuseStrange(file: string, found: FileFacts): void {
  const us = effectiveUser();
  if (us === undefined || found.uid === us) return;
  throw lockFileFault(
    'unsupported',
    `the lock file ${file} belongs to another user (uid ${String(found.uid)})`,
    { hint: 'a lock file is for one user; choose another with --local-file' },
  );
}
