/** A term of leadership, as the work under it sees it. `leading.ts` keeps it. */
import type { Loss, ReleaseOutcome } from './events.ts';

/** `extended`: `Term.remainingMs()` has grown. `suspended`: nothing may run until `resumed` or the loss. */
export type TermChange = 'extended' | 'suspended' | 'resumed';

/** What is written together with a release. */
export interface ReleaseWith {
  readonly done?: string | undefined;
  /** What the work ended with, for the history of the lock. */
  readonly exitStatus?: number | undefined;
}

/** A term of leadership, for the work that is done under it. */
export interface Term {
  /**
   * The version of the write that won this term: a decimal number, and greater than that of every earlier term of the
   * lock (Kubernetes since 1.35, KEP-5504). Let what the work writes to refuse a token older than the newest it has seen.
   */
  readonly fencingToken: string;
  /** How often the holder had changed when the term began; 0 again after the object was deleted. */
  readonly transitions: number;
  /**
   * Aborts when the term is lost; its reason is the {@link Loss}. From then on the work has until {@link deadline} to
   * be gone; `usurped` means that it should be gone already. Never aborts after {@link release}.
   */
  readonly lost: AbortSignal;
  /**
   * Aborts when the work is to end, for whatever reason: the term is lost, a shutdown or a step-down is asked for, or,
   * at the latest, the term is released. Give it to everything that the work waits for. A shutdown or step-down alone
   * leaves all the time that the work needs: the lock is kept, and renewed, until it is released.
   */
  readonly signal: AbortSignal;
  /** Aborts when somebody asks the leader to hand over (`k8s-leader step-down`). The term goes on until it is released. */
  readonly stepDown: AbortSignal;
  /** Why the term was lost; undefined while it was not. */
  readonly loss: Loss | undefined;

  /** Whether the term has neither been lost nor released. */
  isOngoing(): boolean;
  /** Whether work may begin right now. Asks the clock, not only the alarm that may be late. */
  isTrusted(): boolean;
  /** Milliseconds until everything that needs the lock must be gone. Grows with every renewal; may be negative. */
  remainingMs(): number;
  /** The same as a moment of the elector's clock, by default that of `performance.now()`. */
  deadline(): number;
  /** Until the returned function is called. A suspension that goes on is told at once. */
  subscribe(listener: (change: TermChange) => void): () => void;
  /**
   * Ends the term and hands the lock back. Only when everything that needed the lock is gone. Bounded by twice the
   * request timeout, at most 5 s; once is enough, again tells the same. Never rejects. With `done`, a key of what has
   * been done once for all is stored in the same write, and `exitStatus` in the history of the lock.
   */
  release(options?: ReleaseWith): Promise<ReleaseOutcome>;
  /** Releases the term: `await using term = …` does so at the end of its block, however that ends. */
  [Symbol.asyncDispose](): Promise<void>;
}
