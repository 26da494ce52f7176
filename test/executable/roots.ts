/** Root file systems that hold the executable, and nothing else. */
import { chmod, copyFile, link, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** For this machine. */
export const executable = resolve(`build/k8s-leader-linux-${process.arch}`);

/** Makes such a root with the executable at `/k8s-leader`. */
export async function bareRoot(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'k8s-leader-bare-'));
  for (const name of ['proc', 'dev', 'tmp']) await mkdir(join(folder, name));
  const there = join(folder, 'k8s-leader');
  await link(executable, there).catch(() => copyFile(executable, there));
  await chmod(there, 0o755);
  return folder;
}

/** What runs the executable in the root: an empty `/tmp`, and the kernel's `/proc` and `/dev`. */
export function startedIn(folder: string): readonly string[] {
  const mounts =
    'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" /k8s-leader "$@"';
  return ['unshare', '--mount', 'sh', '-c', mounts, folder];
}
