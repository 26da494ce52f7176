/**
 * How often the properties here are tried: a default that keeps the whole folder to a few seconds, times `RUNS`.
 *
 *     RUNS=50 npx vitest run --project unit test/hostile
 *
 * Every run draws a fresh seed. fast-check prints seed and path of a failure; `SEED` and `TRY` give them back.
 */
import type { Parameters } from 'fast-check';

export function runs<T>(usual: number): Parameters<T> {
  const { RUNS = '1', SEED, TRY } = process.env;
  const numRuns = Math.max(1, Math.round(usual * Number(RUNS)));
  return {
    numRuns,
    ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    ...(TRY === undefined ? {} : { path: TRY }),
  };
}

/** For a test's timeout, which has to grow with `RUNS`; on a machine that others use as well nothing is usual. */
export function patience(usualMs: number): number {
  return Math.max(120_000, usualMs * Number(process.env['RUNS'] ?? '1'));
}
