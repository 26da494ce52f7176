/**
 * What is made once from files of this repository and kept in the user's cache, under a key that covers
 * all that goes into it. It lies outside node_modules because `npm ci` empties that.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Product {
  /** The folder of all versions of it. */
  readonly name: string;
  /** Paths of what it is made from. */
  readonly sources: readonly string[];
  /** What else it depends on. */
  readonly world: string;
  /** Fills the folder, which may be moved afterwards. */
  readonly make: (folder: string) => Promise<void>;
}

/** The folder of the product, made first where there is none. */
export async function builtOnce({ name, sources, world, make }: Product): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${world}`);
  for (const source of sources) hash.update(await readFile(source));
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = join(cache, 'k8s-leader', name, hash.digest('hex').slice(0, 12));
  if (await exists(folder)) return folder;

  process.stderr.write(`making ${folder}, once\n`);
  await mkdir(dirname(folder), { recursive: true });
  const unfinished = await mkdtemp(`${folder}.`);
  try {
    await make(unfinished);
    await rename(unfinished, folder).catch(async (error: unknown) => {
      // Somebody else made the same at the same time.
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

export interface Tool {
  readonly file: string;
  /** What to say when there is no such program. */
  readonly absent: string;
}

/** Runs it to its end and returns its stdout; its stderr is ours. */
export async function runTool(
  { file, absent }: Tool,
  args: readonly string[],
  { cwd = '/', env = {} }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = text(child.stdout);
  await once(child, 'close').catch((cause: unknown) => {
    throw new Error(absent, { cause });
  });
  if (child.exitCode === 0) return said;
  throw new Error(`${file} ${args.join(' ')} failed with ${child.exitCode}, see its output`);
}
