/**
 * The images of the tests, as archives that containerd reads. buildah builds the project's from its Dockerfile, as it is,
 * and from that what the examples name. Nothing is pulled: Debian's debootstrap makes the base image, and this machine's
 * Node and npm turn it into the one that the first stage wants.
 */
import { globSync } from 'node:fs';
import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { builtOnce, runTool } from '../../interop/support/built-once.ts';
import { muslDockerfile, muslFiles } from './musl.ts';

/** The names of what is imported. Those that share a file differ in nothing. */
export const imageNames = {
  'k8s-leader': ['k8s-leader:0.1', 'registry.internal/k8s-leader:0.1'],
  worker: ['worker:1', 'web:42', 'primary:1', 'backup:1'],
  bare: ['bare:1'],
  shellless: ['shellless:1'],
  musl: ['musl:1'],
  pause: ['pause:1'],
} as const;

const project = resolve(import.meta.dirname, '../../..');
const debian = 'docker.io/library/debian:bookworm-slim';
const node = 'docker.io/library/node:24-bookworm-slim';
const local = (name: string): string => `localhost/${name}`;

/** The machine's own authorities, for where a proxy looks into what is downloaded. */
const authorities = '/etc/ssl/certs/ca-certificates.crt';

/** What the Dockerfile sees, and what else the images are made from. */
const contextFiles = [
  ...[
    'Dockerfile',
    '.dockerignore',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'LICENSE',
  ],
  ...['bin/**', 'native/bin/**', 'packaging/executable/**', 'scripts/**', 'src/**'],
  ...['test/pods/images/*.ts', 'test/pods/programs/stamp/*', 'test/executable/musl-root.sh'],
];

/** What the images get from elsewhere. */
export interface Programs {
  /** The folder of `stamp` and `pause`. */
  readonly stamp: string;
  /** The wrapper made with client-go, which ours is compared with. */
  readonly clientGo: string;
}

/** The folder of the archives, `NAME.tar`. Built anew when any source has changed, which takes minutes. */
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
  await build(node, await nodeFiles(), nodeDockerfile);
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
  const musl = { ...worker, ...(await muslFiles()) };
  await build(local('musl'), musl, muslDockerfile(debian, local('k8s-leader')));
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

/** In a build the commands have this machine's network, for `npm ci` and `apt-get`. */
const how = ['--isolation=chroot', '--network=host', '--pull=never', '--layers=false', '--quiet'];

const nodeFiles = async (): Promise<Files> => ({
  node: process.execPath,
  npm: dirname(dirname(await whereIs('npm'))),
  'ca.crt': authorities,
});

/** No shell, nor anything else but what the wrapper needs. */
const loader =
  process.arch === 'x64' ? '/lib64/ld-linux-x86-64.so.2' : '/lib/ld-linux-aarch64.so.1';
const libraries = ['c', 'dl', 'm', 'pthread'].map((name) => `/lib/*-linux-gnu/lib${name}.so.*`);
const shelllessDockerfile = `FROM scratch
COPY --from=${debian} ${libraries.join(' ')} /lib/
COPY --from=${debian} ${loader} ${dirname(loader)}/
COPY --from=${local('k8s-leader')} /usr/bin/tini /usr/bin/
COPY --from=${local('k8s-leader')} /usr/local/bin/k8s-leader /usr/local/bin/
WORKDIR /app
COPY stamp worker
USER 1000:1000`;

/** As in the real one, apt leaves no caches behind. */
const debianDockerfile = `FROM scratch
ADD root.tar /
RUN echo 'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";' >/etc/apt/apt.conf.d/docker-clean
CMD ["/bin/sh"]`;

const nodeDockerfile = `FROM ${debian}
COPY node /usr/local/bin/
COPY npm /usr/local/lib/node_modules/npm
COPY ca.crt ${authorities}
ENV NODE_EXTRA_CA_CERTS=${authorities}
RUN for each in npm npx; do ln -s ../lib/node_modules/npm/bin/$each-cli.js /usr/local/bin/$each; done`;

/** What the examples run. */
const commands = `WORKDIR /app
COPY stamp worker
RUN for each in web migrate primary backup.sh; do ln worker $each; done
USER 1000:1000`;

const workerDockerfile = `FROM ${debian}
COPY --from=${local('k8s-leader')} /usr/bin/tini /usr/bin/
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

async function whereIs(program: string): Promise<string> {
  const shell = { file: 'sh', absent: 'there is no shell' };
  const path = await runTool(shell, ['-c', `readlink -f "$(command -v ${program})"`]);
  return path.trim();
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
