/**
 * Where the real kube-apiserver and etcd come from: `KUBEBUILDER_ASSETS` when it is set, else this
 * folder's Go module, built once into the user's cache. The cache key covers everything that goes
 * into the build, so a changed go.mod builds anew and an unchanged one needs no Go at all. It lies
 * outside node_modules because `npm ci` empties that.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Absolute paths of the two executables. */
export interface Binaries {
  readonly apiserver: string;
  readonly etcd: string;
}

const moduleFolder = import.meta.dirname;
const sources = ['go.mod', 'go.sum', 'kube-apiserver/main.go', 'etcd/main.go'];

/**
 * The two executables, built first where that is needed. Throws with one line that says what to do
 * when `KUBEBUILDER_ASSETS` is incomplete, Go is missing or the build fails. `tell` hears what
 * takes long.
 */
export async function controlPlaneBinaries(
  tell: (line: string) => void = () => {},
): Promise<Binaries> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets) {
    const given = binariesIn(assets);
    if (await areExecutable(given)) return given;
    throw new Error(
      `KUBEBUILDER_ASSETS is ${assets}, which lacks an executable kube-apiserver or etcd`,
    );
  }
  const version = await kubernetesVersion();
  const folder = join(cacheFolder(), `${version}-${await fingerprint()}`);
  const built = binariesIn(folder);
  if (!(await areExecutable(built))) {
    tell(`building kube-apiserver ${version} and etcd into ${folder}, once: takes minutes`);
    await build(folder, version);
  }
  return built;
}

/** Builds beside the folder and moves it into place, so that nobody ever sees half a build. */
async function build(folder: string, version: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const unfinished = await mkdtemp(`${folder}.`);
  try {
    await go([
      'build',
      '-trimpath',
      '-ldflags',
      linkFlags(version),
      '-o',
      `${unfinished}/`,
      './kube-apiserver',
      './etcd',
    ]);
    await rename(unfinished, folder).catch(async (error: unknown) => {
      // Somebody else built the same at the same time.
      if (!(await areExecutable(binariesIn(folder)))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** The server says and emulates the version it finds here; a plain `go build` leaves it open. */
function linkFlags(version: string): string {
  return `-s -w -X k8s.io/component-base/version.gitVersion=${version}`;
}

async function go(args: string[]): Promise<void> {
  const child = spawn('go', args, {
    cwd: moduleFolder,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'exit').catch((cause: unknown) => {
    throw new Error(
      'the test cluster needs Go (https://go.dev/dl), or KUBEBUILDER_ASSETS set to its binaries',
      { cause },
    );
  });
  if (child.exitCode !== 0) throw new Error(`go build failed in ${moduleFolder}, see its output`);
}

async function kubernetesVersion(): Promise<string> {
  const text = await readFile(join(moduleFolder, 'go.mod'), 'utf8');
  const version = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(text)?.[1];
  if (version === undefined) throw new Error(`no k8s.io/kubernetes in ${moduleFolder}/go.mod`);
  return version;
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${linkFlags('')}`);
  for (const source of sources) hash.update(await readFile(join(moduleFolder, source)));
  return hash.digest('hex').slice(0, 12);
}

function cacheFolder(): string {
  return join(
    process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
    'k8s-leader',
    'control-plane',
  );
}

function binariesIn(folder: string): Binaries {
  return { apiserver: join(folder, 'kube-apiserver'), etcd: join(folder, 'etcd') };
}

async function areExecutable({ apiserver, etcd }: Binaries): Promise<boolean> {
  const checks = [apiserver, etcd].map((path) => access(path, constants.X_OK));
  return Promise.all(checks).then(
    () => true,
    () => false,
  );
}
