/**
 * One term of leadership: knows from the clock alone when it is over, and is kept by renewing (`renewal.ts`).
 *
 *               ┌── renewed: the trust window opens anew (`trust-window.ts`)
 *               ▼ │
 *     ──▶ leading ┘ ── the window closed · an answer names another holder · the object is unusable ──▶ lost
 *             │                                                                                          │
 *             └── release() ──▶ over ◀──────────────────────────────────────────── release() ────────────┘
 *                    ▲ asked to step down: the work is told to end, nothing else changes
 *
 * Trust window: every acknowledged write *sent* at `s` lets us lead until `s + renewDeadline`; at
 * `s + lease − margin` the command must be dead (`timing.ts`). An answer that comes after the window has closed
 * is a loss, whatever it says. Only `release()` ends the renewing: a command that is being stopped still
 * needs the lock (design rules 4, 5, 9).
 */
import type { Loss, ReleaseOutcome } from './events.ts';
import { AskedToStepDown, LeadershipLost, TermReleased } from './lost.ts';
import { release } from './release.ts';
import { Renewal } from './renewal.ts';
import type { TermChange, TermOptions } from './term-options.ts';
import { TrustWindow } from './trust-window.ts';
import { undisturbed } from './undisturbed.ts';
import { fencingTokenOf } from './version.ts';

type Phase = 'leading' | 'lost' | 'over';

/** How often the clock is looked at even if no deadline is near: finds suspensions. */
const vigilMs = 1_000;

/** What is written together with a release. */
export interface ReleaseWith {
  readonly done?: string | undefined;
}

/** A term of leadership, for whoever works under it. */
export interface Term {
  /**
   * The version of the write that won this term: a decimal number, and greater than that of every earlier term of the
   * lock (Kubernetes since 1.35, KEP-5504). Let what the work writes to refuse a token older than the newest it has seen.
   */
  readonly fencingToken: string;
  /** How often the holder had changed by then; starts again at 0 when the object is deleted. */
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
  /** Aborts when somebody wishes that another leads (`k8s-leader step-down`). The term goes on until it is released. */
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
   * been done once for all is stored in the same write.
   */
  release(options?: ReleaseWith): Promise<ReleaseOutcome>;
  /** Releases the term: `await using term = …` does so at the end of its block, however that ends. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The term that an election was won for. */
export class ElectedTerm implements Term {
  readonly fencingToken: string;
  readonly transitions: number;
  readonly lost: AbortSignal;
  readonly signal: AbortSignal;
  readonly stepDown: AbortSignal;

  readonly #options: TermOptions;
  readonly #lost = new AbortController();
  readonly #work = new AbortController();
  readonly #asked = new AbortController();
  readonly #ended = new AbortController();
  readonly #listeners = new Set<(change: TermChange) => void>();
  readonly #window: TrustWindow;
  readonly #renewal: Renewal;
  #phase: Phase = 'leading';
  #released: Promise<ReleaseOutcome> | undefined;

  constructor(options: TermOptions) {
    const { won, timing, pen } = options;
    this.#options = options;
    this.#window = new TrustWindow(pen.trustTime, timing, won.sentAtMs);
    this.fencingToken = fencingTokenOf(won.current.version);
    this.transitions = won.current.record.transitions;
    this.lost = this.#lost.signal;
    this.signal = this.#work.signal;
    this.stepDown = this.#asked.signal;
    options.shutdown.addEventListener('abort', this.#onShutdown);
    // Whoever was told of the election may have thought better of it at once.
    if (options.shutdown.aborted) this.#onShutdown();
    this.#renewal = new Renewal(options, {
      window: this.#window,
      ended: this.#ended.signal,
      lose: (loss) => {
        this.#lose(loss);
      },
      askToEnd: () => {
        this.#askToEnd();
      },
      closeWindow: () => {
        this.#closeWindow();
      },
      notify: (change) => {
        this.#notify(change);
      },
    });
    void this.#renewal.untilEnd();
    void this.#keepVigil();
  }

  get loss(): Loss | undefined {
    return this.#lost.signal.reason as Loss | undefined;
  }

  isTrusted(): boolean {
    return this.isOngoing() && !this.#window.isDoubted && this.#window.lossInMs() > 0;
  }

  remainingMs(): number {
    return this.#window.killInMs();
  }

  deadline(): number {
    return this.#options.clock.now() + this.#window.killInMs();
  }

  subscribe(listener: (change: TermChange) => void): () => void {
    this.#listeners.add(listener);
    if (this.isOngoing() && this.#window.isDoubted) listener('suspended');
    return () => this.#listeners.delete(listener);
  }

  isOngoing(): boolean {
    return this.#phase === 'leading';
  }

  release(how: ReleaseWith = {}): Promise<ReleaseOutcome> {
    return (this.#released ??= this.#release(how));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #release({ done }: ReleaseWith): Promise<ReleaseOutcome> {
    const usurped = this.loss?.kind === 'usurped';
    const latest = this.loss ? undefined : this.#renewal.latest;
    if (this.#phase !== 'lost') this.#phase = 'over';
    this.#ended.abort();
    this.#endWork(new TermReleased());
    const { pen, clock, releaseTimeoutMs, remember, standAside, emit, won } = this.#options;
    const outcome: ReleaseOutcome = usurped
      ? { kind: 'not-ours' }
      : await release(pen, {
          clock,
          boundMs: releaseTimeoutMs,
          latest,
          done,
          isOurs: (record) => record.acquireTimeUs === won.current.record.acquireTimeUs,
          onUsurped: remember,
        });
    if (this.stepDown.aborted) standAside(won.current.record.transitions);
    emit({ type: 'release', outcome });
    return outcome;
  }

  readonly #onShutdown = (): void => {
    this.#endWork(this.#options.shutdown.reason);
  };

  #askToEnd(): void {
    this.#options.emit({ type: 'asked-to-step-down' });
    this.#asked.abort();
    this.#endWork(new AskedToStepDown());
  }

  #endWork(reason: unknown): void {
    this.#options.shutdown.removeEventListener('abort', this.#onShutdown);
    this.#work.abort(reason);
  }

  /** Rings at the deadline, and looks up in between to see whether the machine has slept. */
  async #keepVigil(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const leftMs = this.#window.lossInMs();
      if (leftMs <= 0) this.#closeWindow();
      else await this.#options.clock.sleep(Math.min(leftMs, vigilMs), signal);
    }
  }

  /** The end, unless the machine slept through it: then one renewal decides. */
  #closeWindow(): void {
    const sleptMs = this.#window.doubtIfSlept();
    if (sleptMs === undefined) {
      this.#lose({ kind: 'expired' });
      return;
    }
    this.#options.emit({ type: 'suspended', forMs: sleptMs });
    this.#notify('suspended');
    this.#renewal.hurry();
  }

  #lose(loss: Loss): void {
    if (this.#ended.signal.aborted) return;
    this.#phase = 'lost';
    this.#ended.abort();
    this.#options.emit({ type: 'lost', loss });
    this.#lost.abort(loss);
    this.#endWork(new LeadershipLost(loss));
  }

  #notify(change: TermChange): void {
    for (const listener of this.#listeners) undisturbed(listener)(change);
  }
}
