/**
 * One term of leadership: knows from the clock alone when it is over, and is kept by renewing (`renewal.ts`).
 *
 *               ┌── renewed: the trust window opens anew (`trust-window.ts`)
 *               ▼ │
 *     ──▶ leading ┘ ── the window closed · an answer names another holder · the object is unusable ──▶ lost
 *             │                                                                                          │
 *             └── release() ──▶ over ◀──────────────────────────────────────────── release() ────────────┘
 *
 * Trust window: every acknowledged write *sent* at `s` lets us lead until `s + renewDeadline`; at
 * `s + lease − margin` the command must be dead (`timing.ts`). An answer that comes after the window has closed
 * is a loss, whatever it says. Only `release()` ends the renewing: a command that is being stopped still
 * needs the lock (design rules 4, 5, 9).
 */
import type { Loss, ReleaseOutcome } from './events.ts';
import { release } from './release.ts';
import { Renewal } from './renewal.ts';
import type { TermChange, TermOptions } from './term-options.ts';
import { TrustWindow } from './trust-window.ts';
import { undisturbed } from './undisturbed.ts';

type Phase = 'leading' | 'lost' | 'over';

/** How often the clock is looked at even if no deadline is near: finds suspensions. */
const vigilMs = 1_000;

export class Term {
  /** Version of the write that won this term: grows with every term of one lock. */
  readonly fencingToken: string;
  readonly transitions: number;
  /** Aborts when the term is lost; its reason is the {@link Loss}. Never aborts after {@link release}. */
  readonly lost: AbortSignal;

  readonly #options: TermOptions;
  readonly #lost = new AbortController();
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
    this.fencingToken = won.current.version;
    this.transitions = won.current.record.transitions;
    this.lost = this.#lost.signal;
    this.#renewal = new Renewal(options, {
      window: this.#window,
      ended: this.#ended.signal,
      lose: (loss) => {
        this.#lose(loss);
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

  /** Whether a command may be started right now. Asks the clock, not only the alarm that may be late. */
  isTrusted(): boolean {
    return this.isOngoing() && !this.#window.isDoubted && this.#window.lossInMs() > 0;
  }

  /** Milliseconds until everything that needs the lock must be dead. May be negative. */
  remainingMs(): number {
    return this.#window.killInMs();
  }

  /** Until the returned function is called. A suspension that goes on is told at once. */
  subscribe(listener: (change: TermChange) => void): () => void {
    this.#listeners.add(listener);
    if (this.isOngoing() && this.#window.isDoubted) listener('suspended');
    return () => this.#listeners.delete(listener);
  }

  /** Whether the term has neither been lost nor released. */
  isOngoing(): boolean {
    return this.#phase === 'leading';
  }

  /**
   * Ends the term and hands the lock back. Only when everything that needed the lock is gone. Bounded; once is
   * enough, again tells the same.
   */
  release(): Promise<ReleaseOutcome> {
    return (this.#released ??= this.#release());
  }

  async #release(): Promise<ReleaseOutcome> {
    const usurped = this.loss?.kind === 'usurped';
    const latest = this.loss ? undefined : this.#renewal.latest;
    if (this.#phase !== 'lost') this.#phase = 'over';
    this.#ended.abort();
    const { pen, clock, releaseTimeoutMs, remember, emit, won } = this.#options;
    const outcome: ReleaseOutcome = usurped
      ? { kind: 'not-ours' }
      : await release(pen, {
          clock,
          boundMs: releaseTimeoutMs,
          latest,
          isOurs: (record) => record.acquireTimeUs === won.current.record.acquireTimeUs,
          onUsurped: remember,
        });
    emit({ type: 'release', outcome });
    return outcome;
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
  }

  #notify(change: TermChange): void {
    for (const listener of this.#listeners) undisturbed(listener)(change);
  }
}
