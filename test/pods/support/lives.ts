/**
 * The lives of the commands in pods, as they stamp them: once a millisecond, by the machine's CLOCK_MONOTONIC, which
 * `nowMs` reads too (../programs/stamp/stamp.c).
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Life {
  /** The name of its pod. */
  readonly pod: string;
  /** The fencing token of its term; 0 without one. */
  readonly token: number;
  /** The pid inside the container. */
  readonly pid: number;
  readonly begunMs: number;
  /** The last stamp: that of now while it lives. */
  readonly seenMs: number;
  /** When the first TERM came. */
  readonly toldMs?: number;
  /** When it has ended by itself. Without it, it was killed, or it lives. */
  readonly endedMs?: number;
  /** The longest time without a stamp, as of a command that was frozen. */
  readonly longestGap: { readonly fromMs: number; readonly toMs: number };
}

/** The time of the stamps. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** All so far, in the order in which they have begun. */
export async function readLives(folder: string): Promise<Life[]> {
  const files = await readdir(folder);
  const all = await Promise.all(files.map((file) => readFile(join(folder, file))));
  return all
    .flatMap((bytes) => lifeIn(bytes) ?? [])
    .sort((one, other) => one.begunMs - other.begunMs);
}

function lifeIn(bytes: Buffer): Life | undefined {
  // One that is just being begun counts from the next look on.
  if (bytes.length < 128 || bytes.readBigInt64LE(0) === 0n) return undefined;
  const number = (place: number): number => Number(bytes.readBigInt64LE(place * 8));
  const [begunMs, seenMs, toldMs, endedMs, fromMs, toMs] = [0, 1, 2, 3, 4, 5].map(
    (place) => number(place) / 1e6,
  ) as [number, number, number, number, number, number];
  const name = bytes.subarray(64, 128);
  return {
    pod: name.subarray(0, name.indexOf(0)).toString(),
    token: number(6),
    pid: number(7),
    begunMs,
    seenMs,
    ...(toldMs > 0 ? { toldMs } : {}),
    ...(endedMs > 0 ? { endedMs } : {}),
    longestGap: { fromMs, toMs },
  };
}

/** From the last stamp of all lives before it to the first of each but the first; negative when two lived at once. */
export function gapsMs(lives: readonly Life[]): number[] {
  return lives.slice(1).map((life, index) => {
    const lastBefore = Math.max(...lives.slice(0, index + 1).map(({ seenMs }) => seenMs));
    return life.begunMs - lastBefore;
  });
}

/** Pairs that lived at the same time, in words. */
export function overlaps(lives: readonly Life[]): string[] {
  return lives.flatMap((life, index) =>
    lives
      .slice(0, index)
      .filter((earlier) => earlier.seenMs > life.begunMs)
      .map(
        (earlier) =>
          `${life.pod} has begun ${(earlier.seenMs - life.begunMs).toFixed(1)} ms before the end of ${earlier.pod}`,
      ),
  );
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
