/**
 * What commands have written about their lives (life.ts), and whether any two of them overlap. All
 * times are the machine's uptime, which everything on it shares; it comes in steps of 10 ms.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type Habit = 'deaf' | 'slow' | 'family' | 'exile';

/** The life of one term's command, with every process that it started. */
export interface Life {
  /** The term's fencing token. */
  readonly token: bigint;
  /** The first sign of the first process. */
  readonly firstMs: number;
  /** The last sign of the last process. */
  readonly lastMs: number;
  /** The processes that have come as far as to have their habits. */
  readonly pids: ReadonlySet<number>;
}

/** The command line of a life that is recorded in the folder. */
export function lifeArgv(folder: string, habits: readonly Habit[]): [string, ...string[]] {
  const part = (name: string): string => join(import.meta.dirname, name);
  return ['/bin/sh', part('life.sh'), process.execPath, part('life.ts'), folder, ...habits];
}

/** All lives recorded in the folder so far, in the order of their terms. */
export async function readLives(folder: string): Promise<Life[]> {
  const tokens = await readdir(folder);
  const lives = await Promise.all(tokens.map((token) => readLife(folder, token)));
  return lives.filter((life) => life !== undefined).sort((a, b) => (a.token < b.token ? -1 : 1));
}

/**
 * From the last sign of all lives before it to the first sign of each life but the first; negative
 * when two ran at once.
 */
export function gapsMs(lives: readonly Life[]): number[] {
  return lives.slice(1).map((life, index) => {
    const lastBefore = Math.max(...lives.slice(0, index + 1).map(({ lastMs }) => lastMs));
    return Math.round(life.firstMs - lastBefore);
  });
}

async function readLife(folder: string, token: string): Promise<Life | undefined> {
  const text = await readFile(join(folder, token), 'utf8');
  // The last piece is empty, or a line that is being written.
  const signs = text.split('\n').slice(0, -1);
  if (signs.length === 0) return undefined;
  const timesMs = signs.map((sign) => Number.parseFloat(sign) * 1_000);
  const pids = new Set(signs.map((sign) => Number(sign.split(' ')[1])));
  pids.delete(NaN); // the birth
  return {
    token: BigInt(token),
    firstMs: Math.min(...timesMs),
    lastMs: Math.max(...timesMs),
    pids,
  };
}
