import type { Clock } from './clock.ts';
import type { ElectionListener, Loss } from './events.ts';
import type { Versioned } from './lock.ts';
import type { Lookout } from './lookout.ts';
import type { Pen, WriteOutcome } from './pen.ts';
import type { Timing } from './timing.ts';
import type { TrustWindow } from './trust-window.ts';

/** `extended`: `Term.remainingMs()` has grown. `suspended`: nothing may run until `resumed` or the loss. */
export type TermChange = 'extended' | 'suspended' | 'resumed';

/** What a term is made of. */
export interface TermOptions {
  readonly pen: Pen;
  readonly lookout: Lookout;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly random: () => number;
  readonly emit: ElectionListener;
  /** Asks the work to end, and nothing else: it does not end the term. */
  readonly shutdown: AbortSignal;
  /** Bound of the release. */
  readonly releaseTimeoutMs: number;
  /** Told of everything that is not our own writing: a campaign that follows must know what it promises. */
  readonly remember: (seen: Versioned | undefined) => void;
  /** The term was asked to end, and has: the next campaign lets others go first. */
  readonly standAside: (transitions: number) => void;
  /** The write that won the term. */
  readonly won: Extract<WriteOutcome, { kind: 'written' }>;
}

/** A term, as those see it who keep it. */
export interface Office {
  readonly window: TrustWindow;
  /** Aborts when the term has been lost or released. */
  readonly ended: AbortSignal;
  lose(loss: Loss): void;
  /** Somebody wishes that another leads. Called once. */
  askToEnd(): void;
  /** The trust has run out: the end, or doubt. */
  closeWindow(): void;
  notify(change: TermChange): void;
}
