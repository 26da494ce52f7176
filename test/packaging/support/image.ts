/**
 * The image of the Dockerfile as a folder. Its steps are taken in order, with one difference to a container runtime: what a
 * base image brings comes from this machine, no more of it than named here.
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
} from '../../dockerfile/dockerfile.ts';

export interface Image {
  readonly root: string;
  readonly config: ImageConfig;
  readonly remove: () => void;
}

/** What the tests run in an image that has a shell. */
const programs = ['sh', 'sleep', 'grep'];

interface Arguments {
  readonly BASE: 'scratch' | 'debian';
  /** As container runtimes name it: `amd64`, `arm64`. */
  readonly TARGETARCH: string;
}

export const ours = process.arch === 'x64' ? 'amd64' : process.arch;

/** Of what `npm run executable` has left in build/. */
export async function imageOf(
  BASE: Arguments['BASE'] = 'scratch',
  TARGETARCH: string = ours,
): Promise<Image> {
  const dockerfile = await dockerfileOf(resolve());
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-image-'));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const root = build(dockerfile, folder, { BASE, TARGETARCH });
    return { root, config: dockerfile.config, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The stages that the last one is made of. */
function build({ stages }: Dockerfile, folder: string, args: Arguments): string {
  const roots = new Map<string, string>();
  const rootOf = (index: number): string => {
    const { name, base: named, steps } = stages[index]!;
    const root = join(folder, `stage-${String(index)}`);
    mkdirSync(root);
    const base = named.replace(/\$\{(BASE|TARGETARCH)\}/, (_, arg: keyof Arguments) => args[arg]);
    const earlier = stages.findIndex((stage) => stage.name === base);
    if (earlier >= 0) cpSync(rootOf(earlier), root, { recursive: true });
    else if (base !== 'scratch') addBase(root);
    for (const step of steps) {
      if ('run' in step) throw new Error(`nothing runs what the Dockerfile runs: ${step.run}`);
      copy(step, root, step.from === undefined ? resolve() : fromStage(step.from));
    }
    roots.set(name, root);
    return root;
  };
  const fromStage = (name: string) =>
    roots.get(name) ?? rootOf(stages.findIndex((stage) => stage.name === name));
  const root = rootOf(stages.length - 1);
  // A container runtime makes these.
  for (const name of ['proc', 'dev', 'tmp']) mkdirSync(join(root, name), { recursive: true });
  // Folders of mkdtemp are for their owner alone.
  for (const each of [folder, root]) chmodSync(each, 0o755);
  return root;
}

function copy({ sources, to }: Copy, root: string, from: string): void {
  for (const source of sources) {
    const target = to.endsWith('/') ? join(to, basename(source)) : to;
    cpSync(join(from, source), join(root, target), { recursive: true, verbatimSymlinks: true });
  }
}

/** The programs, at their usual places, with what they need. */
function addBase(root: string): void {
  for (const name of programs) {
    const program = which(name);
    add(root, program, name === 'sh' ? '/bin/sh' : `/usr/bin/${name}`);
    for (const library of librariesOf(program)) add(root, library);
  }
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
