/**
 * The images of the tests, as archives that containerd reads. buildah builds the project's from its Dockerfile, as it is,
 * and from that what the examples name. Nothing is pulled: Debian's debootstrap makes the base of the others.
 */
import { globSync } from 'node:fs';
import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { builtOnce, runTool } from '../../interop/support/built-once.ts';

/** The names of what is imported. Those that share a file differ in nothing. */
export const imageNames = {
  'k8s-leader': ['k8s-leader:0.1', 'registry.internal/k8s-leader:0.1'],
  worker: ['worker:1', 'web:42', 'primary:1', 'backup:1'],
  bare: ['bare:1'],
  shellless: ['shellless:1'],
  pause: ['pause:1'],
} as const;

const project = resolve(import.meta.dirname, '../../..');
const debian = 'docker.io/library/debian:bookworm-slim';
const local = (name: string): string => `localhost/${name}`;

/** What the Dockerfile sees, and what else the images are made from. */
const contextFiles = [
  ...['Dockerfile', '.dockerignore', 'LICENSE', 'build/THIRD-PARTY-NOTICES'],
  `build/k8s-leader-linux-${process.arch}`,
  ...['test/pods/images/*.ts', 'test/pods/programs/stamp/*'],
];

/** What the images get from elsewhere. */
export interface Programs {
  /** The folder of `stamp` and `pause`. */
  readonly stamp: string;
  /** The wrapper made with client-go, which ours is compared with. */
  readonly clientGo: string;
}

/** The folder of the archives, `NAME.tar`, with the executable of build/. Built anew when any source has changed, which takes minutes. */
export async function imageArchives(programs: Programs): Promise<string> {
  const sources = globSync(contextFiles, { cwd: project, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const name = 'pods/images';
  const make = (folder: string): Promise<void> => buildImages(folder, programs);
  const world = [...sources, programs.clientGo].join(' ');
  const folder = await builtOnce({ name, sources, world, make });
  await forgetOld(folder);
  return folder;
}

/** They are big. Somebody else may be about to import those of another checkout. */
async function forgetOld(folder: string): Promise<void> {
  const hour = 3_600_000;
  for (const other of await readdir(dirname(folder))) {
    const path = join(dirname(folder), other);
    const { mtimeMs } = await stat(path);
    if (path !== folder && Date.now() - mtimeMs > hour) await rm(path, { recursive: true });
  }
}

async function buildImages(folder: string, { stamp, clientGo }: Programs): Promise<void> {
  const storage = join(folder, 'storage');
  const run = (args: readonly string[]): Promise<string> => buildah(storage, args);
  const build = async (name: string, files: Files, dockerfile: string): Promise<void> => {
    const context = join(folder, 'context');
    await fill(context, files, dockerfile);
    await run(['build', ...how, '-t', name, context]);
    await rm(context, { recursive: true });
  };
  const root = join(await debianRoot(), 'root.tar');
  await build(debian, { 'root.tar': root }, debianDockerfile);
  // BuildKit gives the architecture by itself.
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  await run([
    'build',
    ...how,
    '--build-arg',
    `TARGETARCH=${arch}`,
    '-t',
    local('k8s-leader'),
    project,
  ]);
  const worker = { stamp: join(stamp, 'stamp') };
  await build(local('worker'), { ...worker, 'client-go': clientGo }, workerDockerfile);
  await build(local('shellless'), worker, shelllessDockerfile);
  await build(local('bare'), worker, `FROM ${debian}\n${commands}`);
  const pause = 'FROM scratch\nCOPY pause /\nUSER 65535:65535\nENTRYPOINT ["/pause"]';
  await build(local('pause'), { pause: join(stamp, 'pause') }, pause);
  for (const [name, [first]] of Object.entries(imageNames)) {
    const archive = `docker-archive:${join(folder, name)}.tar:${fullName(first)}`;
    await run(['push', '--quiet', local(name), archive]);
  }
  await run(['images', '--format', '{{.Name}} {{.Size}}']).then((sizes) =>
    process.stderr.write(sizes),
  );
  for (const each of [storage, `${storage}-run`]) await rm(each, { recursive: true, force: true });
}

/** In a build the commands have this machine's network, for `apt-get`. */
const how = ['--isolation=chroot', '--network=host', '--pull=never', '--layers=false', '--quiet'];

/** No shell, nor anything else. */
const shelllessDockerfile = `FROM ${local('k8s-leader')}
WORKDIR /app
COPY stamp worker
USER 1000:1000`;

/** As in the real one, apt leaves no caches behind. */
const debianDockerfile = `FROM scratch
ADD root.tar /
RUN echo 'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";' >/etc/apt/apt.conf.d/docker-clean
CMD ["/bin/sh"]`;

/** What the examples run. */
const commands = `WORKDIR /app
COPY stamp worker
RUN for each in web migrate primary backup.sh; do ln worker $each; done
USER 1000:1000`;

/** With an init for those who want one. */
const workerDockerfile = `FROM ${debian}
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
COPY --from=${local('k8s-leader')} /usr/local/bin/k8s-leader /usr/local/bin/
COPY client-go /usr/local/bin/
${commands}`;

/** As the kubelet reads it. */
export function fullName(name: string): string {
  return name.includes('/') ? name : `docker.io/library/${name}`;
}

type Files = Readonly<Record<string, string>>;

async function fill(context: string, files: Files, dockerfile: string): Promise<void> {
  await mkdir(context);
  for (const [name, from] of Object.entries(files))
    await cp(from, join(context, name), { recursive: true, dereference: true });
  await writeFile(join(context, 'Dockerfile'), dockerfile);
}

/** In mounts of its own, which end with it. */
function buildah(storage: string, args: readonly string[]): Promise<string> {
  const where = ['--root', storage, '--runroot', `${storage}-run`, '--storage-driver', 'overlay'];
  const tool = { file: 'unshare', absent: 'there is no unshare' };
  return runTool(tool, ['--mount', 'buildah', ...where, ...args]);
}

/** A folder with `root.tar`, the smallest Debian that has apt. */
function debianRoot(): Promise<string> {
  const debootstrap = { file: 'debootstrap', absent: 'the tests in pods need debootstrap' };
  const tar = { file: 'tar', absent: 'the tests in pods need tar' };
  return builtOnce({
    name: 'pods/debian',
    sources: [],
    world: 'bookworm',
    async make(target) {
      const root = join(target, 'root');
      await runTool(debootstrap, ['--variant=minbase', 'bookworm', root]);
      await runTool({ file: 'chroot', absent: 'there is no chroot' }, [root, 'apt-get', 'clean']);
      await runTool(tar, ['-C', root, '-cf', join(target, 'root.tar'), '.']);
      await rm(root, { recursive: true });
    },
  });
}
