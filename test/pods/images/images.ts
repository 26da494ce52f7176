/**
 * The images of the tests, as archives that containerd reads. buildah builds the project's from its Dockerfile, as it is,
 * and from that what the examples name. Nothing is pulled: Debian's debootstrap makes the base image, and this machine's
 * Node and npm turn it into the one that the first stage wants.
 */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { builtOnce, runTool } from '../../interop/support/built-once.ts';

/** The names of what is imported. Those that share a file differ in nothing. */
export const imageNames = {
  'k8s-leader': ['k8s-leader:0.1', 'registry.internal/k8s-leader:0.1'],
  worker: ['worker:1', 'web:42', 'primary:1', 'backup:1'],
  bare: ['bare:1'],
  pause: ['pause:1'],
} as const;

const project = resolve(import.meta.dirname, '../../..');
const debian = 'docker.io/library/debian:bookworm-slim';
const node = 'docker.io/library/node:24-bookworm-slim';
const local = (name: string): string => `localhost/${name}`;

/** The machine's own authorities, for where a proxy looks into what is downloaded. */
const authorities = '/etc/ssl/certs/ca-certificates.crt';

/** Builds all into the folder, one `NAME.tar` each. The first time takes five minutes, most of it downloads. */
export async function buildImages(folder: string, stamp: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const base = await debianRoot();
  const build = async (name: string, files: Files, dockerfile: string): Promise<void> => {
    const context = join(folder, 'context');
    await fill(context, files, dockerfile);
    await buildah(['-t', name, context]);
    await rm(context, { recursive: true });
  };
  const npm = dirname(dirname(await whereIs('npm')));
  await build(
    debian,
    { 'root.tar': join(base, 'root.tar') },
    'FROM scratch\nADD root.tar /\nCMD ["/bin/sh"]',
  );
  await build(
    node,
    { node: process.execPath, npm, 'ca.crt': authorities },
    `FROM ${debian}
COPY node /usr/local/bin/
COPY npm /usr/local/lib/node_modules/npm
COPY ca.crt ${authorities}
ENV NODE_EXTRA_CA_CERTS=${authorities}
RUN for each in npm npx; do ln -s ../lib/node_modules/npm/bin/$each-cli.js /usr/local/bin/$each; done`,
  );
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  // BuildKit gives it by itself.
  await buildah(['--build-arg', `TARGETARCH=${arch}`, '-t', local('k8s-leader'), project]);
  const worker = { stamp: join(stamp, 'stamp') };
  const commands = ['worker', 'web', 'migrate', 'primary', 'backup.sh'];
  const asCommands = `COPY stamp worker\nRUN for each in ${commands.slice(1).join(' ')}; do ln worker $each; done\nUSER 1000:1000`;
  await build(
    local('worker'),
    worker,
    `FROM ${debian}
COPY --from=${local('k8s-leader')} /usr/bin/tini /usr/bin/
COPY --from=${local('k8s-leader')} /usr/local/bin/k8s-leader /usr/local/bin/
WORKDIR /app
${asCommands}`,
  );
  await build(local('bare'), worker, `FROM ${debian}\nWORKDIR /app\n${asCommands}`);
  await build(
    local('pause'),
    { pause: join(stamp, 'pause') },
    'FROM scratch\nCOPY pause /\nUSER 65535:65535\nENTRYPOINT ["/pause"]',
  );
  for (const [name, [first]] of Object.entries(imageNames)) {
    const archive = `docker-archive:${join(folder, name)}.tar:${fullName(first)}`;
    await run(['push', '--quiet', local(name), archive]);
  }
  // What earlier sources have left.
  await run(['rmi', '--prune', '--force']);
}

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

/** In its build the commands have this machine's network, for `npm ci` and `apt-get`. */
async function buildah(args: readonly string[]): Promise<void> {
  const how = ['--isolation', 'chroot', '--network', 'host', '--pull=never', '--layers', '--quiet'];
  await run(['build', ...how, ...args]);
}

/** Its storage is kept, so that a step is taken again only when what it is made from changes. */
function run(args: readonly string[]): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const storage = join(cache, 'k8s-leader/pods/storage');
  const tool = { file: 'buildah', absent: 'the tests in pods need buildah' };
  const where = ['--root', storage, '--runroot', `${storage}-run`, '--storage-driver', 'overlay'];
  return runTool(tool, [...where, ...args]);
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
