/** How long a hand-over may take by the rules of whoever takes over, in ms. */
import { cpus, loadavg } from 'node:os';
import { timing, type Elector } from './electors.ts';

const leaseMs = timing.leaseDuration * 1_000;
const renewDeadlineMs = timing.renewDeadline * 1_000;
const retryMs = timing.retryPeriod * 1_000;

/** For requests, and for the command to come to its first instructions. */
const ourSlackMs = 500;
/** The same for the others, of whom some are slow. */
const theirSlackMs = 1_000;

/** Where there is more to do than there are processors, everything takes longer by as much. */
const withLoad = (slackMs: number): number =>
  Math.round(slackMs * Math.max(1, loadavg()[0]! / cpus().length));

/** How the old leader has ended: it gave the lock back, or it did not. */
export type Ending = 'released' | 'abandoned';

/** Ours watches: it sees what happens when it happens. */
export function ourBoundMs(ending: Ending): number {
  return (ending === 'released' ? 0 : leaseMs) + withLoad(ourSlackMs);
}

/** After an abandoned lease it needs one look to see the last renewal, and one to see that the wait is over. */
export function theirBoundMs(ending: Ending, { lookMs }: Elector): number {
  return (ending === 'released' ? lookMs : leaseMs + 2 * lookMs) + withLoad(theirSlackMs);
}

/** An abandoned lease is waited for from its last renewal on, which was about a retry period before the end. */
export function leastGapMs(ending: Ending): number {
  return ending === 'released' ? 0 : Math.max(0, leaseMs - retryMs - withLoad(ourSlackMs));
}

/**
 * How long the others work on without a lease: they try to renew until the deadline, after a pause, and
 * pause once more before they notice.
 */
export function theirAfterlifeMs(): number {
  return renewDeadlineMs + 2 * retryMs + withLoad(theirSlackMs);
}
