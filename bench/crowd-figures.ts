/** What a crowd of one size came to. */
import type { Contestant } from './contestants.ts';
import { median } from './table.ts';

/** Rates are per minute. */
export interface CrowdFigures {
  readonly who: Contestant['name'] | 'nobody';
  readonly size: number;
  readonly requests: ReadonlyMap<string, number>;
  readonly openWatches: number;
  readonly apiserverSeconds: number;
  readonly etcdSeconds: number;
  readonly handOverMs: readonly number[];
  /** Of each hand-over. */
  readonly conflicts: readonly number[];
}

export function totalOf(requests: ReadonlyMap<string, number>): number {
  return [...requests.values()].reduce((total, each) => total + each, 0);
}

/** Hand-over time of a crowd, in one figure. */
export function typicalMs({ handOverMs }: CrowdFigures): number {
  return median(handOverMs);
}
