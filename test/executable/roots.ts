/** Root file systems that hold an executable and the C library that it is made for, and nothing else. */
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, cp, link, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { builtOnce, runTool } from '../interop/support/built-once.ts';

const root = join(import.meta.dirname, '../..');

/** The executable for this machine, or its form for musl. */
export function executableFor(libc: 'glibc' | 'musl'): string {
  return join(root, `build/k8s-leader-linux-${process.arch}${libc === 'musl' ? '-musl' : ''}`);
}

/** Makes such a root with the executable at `/k8s-leader`. */
export async function rootWith(libc: 'glibc' | 'musl'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `k8s-leader-${libc}-`));
  for (const name of ['proc', 'dev', 'tmp']) await mkdir(join(folder, name));
  await (libc === 'musl' ? addMusl(folder) : addGlibc(folder));
  const executable = join(folder, 'k8s-leader');
  await link(executableFor(libc), executable).catch(() =>
    copyFile(executableFor(libc), executable),
  );
  await chmod(executable, 0o755);
  return folder;
}

/** What runs the executable in the root: an empty `/tmp`, and the kernel's `/proc` and `/dev`. */
export function startedIn(folder: string): readonly string[] {
  const mounts =
    'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" /k8s-leader "$@"';
  return ['unshare', '--mount', 'sh', '-c', mounts, folder];
}

/** The loader and the libraries that it says it needs, at the places where it looks for them. */
async function addGlibc(folder: string): Promise<void> {
  const said = execFileSync('ldd', [executableFor('glibc')], { encoding: 'utf8' });
  for (const [path] of said.matchAll(/\/\S+/g)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await copyFile(path, join(folder, dirname(path), basename(path)));
  }
}

async function addMusl(folder: string): Promise<void> {
  await cp(await muslRoot(), folder, { recursive: true, verbatimSymlinks: true });
}

/** A folder with musl and libstdc++ at their places. */
export function muslRoot(): Promise<string> {
  const script = join(import.meta.dirname, 'musl-root.sh');
  const requirements = join(import.meta.dirname, 'requirements.txt');
  return builtOnce({
    name: 'musl-root',
    sources: [script, requirements],
    world: '',
    async make(target) {
      const absent = 'tests of the executable for musl need a shell, apt-get, dpkg and python3';
      await runTool({ file: 'sh', absent }, [script, target, requirements]);
    },
  });
}
