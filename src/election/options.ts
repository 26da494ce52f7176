/** What an elector needs, and how a campaign is asked for and ends. */
import type { Patience } from './candidate.ts';
import type { Clock } from './clock.ts';
import type { Deaths } from './death.ts';
import type { ElectionListener } from './events.ts';
import type { Lock, LockFault } from './lock.ts';
import type { Term } from './term.ts';
import type { Timing } from './timing.ts';

export interface ElectorOptions {
  readonly lock: Lock;
  readonly clock: Clock;
  readonly timing: Timing;
  /** For people to read. Two processes that share an identity still never both lead (R7). */
  readonly identity: string;
  /** Bound of every single request. */
  readonly requestTimeoutMs: number;
  readonly emit?: ElectionListener;
  /** Who tells that holders are dead. Without it, their leases run out. */
  readonly deaths?: Deaths | undefined;
  /** Gets every sight of the lock. */
  readonly onSight?: (sight: LockSight) => void;
  /** Uniform in [0, 1); spreads retries and signs writes. */
  readonly random?: () => number;
  /** Whether to note on the lock how terms ended. Default: true. */
  readonly history?: boolean;
}

/** What a candidate made of the lock when it saw it. */
export interface LockSight {
  /** Its identity; empty when nobody holds the lock. */
  readonly holder: string;
  /** Local time from which we may claim, if nothing else is seen; −∞ at once. */
  readonly claimableAtMs: number;
}

export interface CampaignOptions {
  /** Ends the campaign. Once that is won, it only asks the work to end: `Term.signal`. */
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  /** A key for work that is done once and for all. A lock that stores it ends the campaign. `Term.release` stores it. */
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
