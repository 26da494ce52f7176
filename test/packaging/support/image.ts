/**
 * The image of a Dockerfile as a folder. The steps of all stages are taken in order, with two
 * differences to a container runtime: what a base image brings, and what the last stage installs, comes from this machine,
 * no more of it than named here; and an earlier stage's commands run in its folder, not with that as their root.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import {
  dockerfileOf,
  type Copy,
  type Dockerfile,
  type ImageConfig,
  type Run,
} from '../../dockerfile/dockerfile.ts';

export interface Image {
  readonly root: string;
  readonly config: ImageConfig;
  readonly remove: () => void;
}

/** What the image has: an init, and what the commands of the tests run. */
const programs = ['tini', 'sh', 'sleep', 'grep'];

const ours = process.arch === 'x64' ? 'amd64' : process.arch;

/** Takes the time of two `npm ci`: our tools', and the runtime's. Named as container runtimes do: `amd64`, `arm64`. */
export async function imageOf(context: string, machine: string = ours): Promise<Image> {
  const dockerfile = await dockerfileOf(context);
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-image-'));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const root = build(dockerfile, { context, folder, machine });
    return { root, config: dockerfile.config, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

interface Place {
  readonly context: string;
  readonly folder: string;
  readonly machine: string;
}

function build({ stages }: Dockerfile, { context, folder, machine }: Place): string {
  const roots = new Map<string, string>();
  let root = folder;
  for (const [index, { name, steps }] of stages.entries()) {
    const isLast = index === stages.length - 1;
    root = join(folder, `stage-${String(index)}`);
    mkdirSync(root);
    roots.set(name, root);
    if (isLast) addBase(root);
    for (const step of steps)
      if (!('run' in step))
        copy(step, root, step.from === undefined ? context : roots.get(step.from));
      else if (!isLast) runIn(root, machine, step);
  }
  // Folders of mkdtemp are for their owner alone.
  for (const each of [folder, root]) chmodSync(each, 0o755);
  return root;
}

function copy({ sources, to }: Copy, root: string, from: string | undefined): void {
  if (from === undefined) throw new Error(`${sources.join(' ')} comes from another image`);
  for (const source of sources) {
    const target = to.endsWith('/') ? join(to, basename(source)) : to;
    cpSync(join(from, source), join(root, target), { recursive: true, verbatimSymlinks: true });
  }
}

function runIn(root: string, machine: string, { folder, run }: Run): void {
  execFileSync('/bin/sh', ['-c', run], {
    cwd: join(root, folder),
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOfThisRun(name))),
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      // What has been fetched for this repository need not be fetched again.
      npm_config_prefer_offline: 'true',
      // But what earlier builds have put aside is not there.
      XDG_CACHE_HOME: join(root, 'cache'),
      TARGETARCH: machine,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** Variables by which npm and vitest tell what they run, and where: another npm must not take them for itself. */
function isOfThisRun(name: string): boolean {
  return /^(npm_(package|lifecycle|command|config_\w*prefix)|INIT_CWD|NODE_ENV|VITEST)/.test(name);
}

function addBase(root: string): void {
  addGlibc(root);
  for (const name of programs) {
    const program = which(name);
    add(root, program, name === 'sh' ? '/bin/sh' : `/usr/bin/${name}`);
    for (const library of librariesOf(program)) add(root, library);
  }
}

/** The places that mounts go to, and glibc with its loader: nothing that could be started. */
function addGlibc(root: string): void {
  for (const name of ['proc', 'dev', 'tmp']) mkdirSync(join(root, name));
  // Node needs most parts of it.
  for (const library of librariesOf(process.execPath))
    if (/^(ld-linux|lib(c|dl|m|pthread|rt)\.so)/.test(basename(library))) add(root, library);
}

/** A root that has nothing but that. */
export function bareRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'k8s-leader-bare-'));
  addGlibc(root);
  chmodSync(root, 0o755);
  return root;
}

/** The shared libraries that it loads. */
function librariesOf(program: string): string[] {
  const said = execFileSync('sh', ['-c', 'ldd "$1" || true', 'sh', program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return [...said.matchAll(/(?:^|\s)(\/\S+) \(0x/g)].map(([, path]) => path!);
}

function add(root: string, file: string, to = file): void {
  const there = join(root, to);
  mkdirSync(dirname(there), { recursive: true });
  if (!existsSync(there)) copyFileSync(file, there);
}

/** @throws one line that says what to install */
export function which(program: string): string {
  try {
    const found = execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], {
      encoding: 'utf8',
    });
    return resolve(found.trim());
  } catch {
    throw new Error(`this test needs ${program}: install it`);
  }
}
