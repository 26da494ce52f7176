import type { LockFault } from './lock.ts';
import type { Timing } from './timing.ts';

const firstRetryMs = 100;

/**
 * How long to stay away after the `failures`-th fault in a row (from 0): doubling up to the retry period, longer
 * when the server asks for it, spread by up to 20 % so that many candidates do not come back together.
 */
export function backoffMs(
  failures: number,
  {
    fault,
    timing,
    random,
  }: { fault?: LockFault | undefined; timing: Timing; random: () => number },
): number {
  const doubling = Math.min(firstRetryMs * 2 ** Math.min(failures, 20), timing.retryPeriodMs);
  return Math.max(doubling, fault?.retryAfterMs ?? 0) * (1 + 0.2 * random());
}
