/** What an elector is made of, and what a campaign is asked for and comes to. */
import type { Patience } from './candidate.ts';
import type { Clock } from './clock.ts';
import type { ElectionListener } from './events.ts';
import type { Lock, LockFault } from './lock.ts';
import type { Term } from './term.ts';
import type { Timing } from './timing.ts';

export interface ElectorOptions {
  readonly lock: Lock;
  readonly clock: Clock;
  readonly timing: Timing;
  /** For people to read; two processes that share one still never both lead. */
  readonly identity: string;
  /** Bound of every single request. */
  readonly requestTimeoutMs: number;
  readonly emit?: ElectionListener;
  /** Told who holds the lock whenever somebody has looked, by its identity; empty when nobody does. */
  readonly onSight?: (holder: string) => void;
  /** Uniform in [0, 1); spreads retries and signs writes. */
  readonly random?: () => number;
}

export interface CampaignOptions {
  /** Ends the campaign. Once that is won, it only asks the work to end: `Term.signal`. */
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  /** The key of what is to be done once for all: whoever sees it on the lock need not stand. `Term.release` stores it. */
  readonly once?: string | undefined;
}

export type CampaignOutcome = { readonly kind: 'elected'; readonly term: Term } | CampaignEnd;

/** How a campaign ends without a term. */
export type CampaignEnd =
  /** Patience ended while somebody else held the lock, as far as we know. */
  | { readonly kind: 'held'; readonly holder: string }
  /** Patience ended while the lock was out of reach, or the lock cannot be used at all. */
  | { readonly kind: 'unavailable'; readonly fault: LockFault }
  /** The key that was asked for is on the lock. */
  | { readonly kind: 'done' }
  | { readonly kind: 'aborted' };
