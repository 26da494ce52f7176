import type { Clock } from './clock.ts';
import type { ElectionListener } from './events.ts';
import type { Versioned } from './lock.ts';
import type { Pen, WriteOutcome } from './pen.ts';
import type { Timing } from './timing.ts';

/** `extended`: `Term.remainingMs()` has grown. `suspended`: nothing may run until `resumed` or the loss. */
export type TermChange = 'extended' | 'suspended' | 'resumed';

/** What a term is made of. */
export interface TermOptions {
  readonly pen: Pen;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly random: () => number;
  readonly emit: ElectionListener;
  /** Bound of the release. */
  readonly releaseTimeoutMs: number;
  /** Told what ended the term when it was somebody else's record. */
  readonly onUsurped: (seen: Versioned) => void;
  /** The write that won the term. */
  readonly won: Extract<WriteOutcome, { kind: 'written' }>;
}
