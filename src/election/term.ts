/**
 * One term of leadership: keeps it by renewing, and knows from the clock alone when it is over.
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
 *
 * A renewal is one write on the version we wrote last. Only a conflict costs a read, and that read decides:
 * our own write (its answer was lost, or a foreign hand edited around it), a deleted or emptied object → write
 * afresh on it and trust only that; anybody else → lost, and nothing more is written (rules 6, 7, 8, 14).
 */
import { backoffMs } from './backoff.ts';
import type { ForeignEdit, Loss, ReleaseOutcome } from './events.ts';
import { asFault, type LockFault, type Versioned } from './lock.ts';
import type { TermFacts, WriteOutcome } from './pen.ts';
import { release } from './release.ts';
import type { TermChange, TermOptions } from './term-options.ts';
import { TrustWindow } from './trust-window.ts';
import { undisturbed } from './undisturbed.ts';
import { judge } from './verdict.ts';

type Phase = 'leading' | 'lost' | 'over';

/** How often the clock is looked at even if no deadline is near: finds suspensions. */
const vigilMs = 1_000;
const shortestPauseMs = 50;

export class Term {
  /** Version of the write that won this term: grows with every term of one lock. */
  readonly fencingToken: string;
  readonly transitions: number;
  /** Aborts when the term is lost; its reason is the {@link Loss}. Never aborts after {@link release}. */
  readonly lost: AbortSignal;

  readonly #options: TermOptions;
  readonly #facts: TermFacts;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  readonly #listeners = new Set<(change: TermChange) => void>();
  #nap = new AbortController();
  #phase: Phase = 'leading';
  readonly #window: TrustWindow;
  #basis: Versioned | undefined;
  #found: ForeignEdit | undefined;
  #failing = false;
  #released: Promise<ReleaseOutcome> | undefined;

  constructor(options: TermOptions) {
    const { won, timing, pen } = options;
    const { record, version } = won.current;
    this.#options = options;
    this.#facts = { acquireTimeUs: record.acquireTimeUs ?? 0, transitions: record.transitions };
    this.#basis = won.current;
    this.#window = new TrustWindow(pen.trustTime, timing, won.sentAtMs);
    this.fencingToken = version;
    this.transitions = record.transitions;
    this.lost = this.#lost.signal;
    void this.#keepRenewing();
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
    if (this.#phase !== 'lost') this.#phase = 'over';
    this.#end();
    const { pen, clock, releaseTimeoutMs, onUsurped, emit } = this.#options;
    const outcome: ReleaseOutcome = usurped
      ? { kind: 'not-ours' }
      : await release(pen, {
          clock,
          boundMs: releaseTimeoutMs,
          isOurs: (record) => record.acquireTimeUs === this.#facts.acquireTimeUs,
          onUsurped,
        });
    emit({ type: 'release', outcome });
    return outcome;
  }

  async #keepRenewing(): Promise<void> {
    while (!this.#hasEnded()) {
      await this.#pause(this.#window.renewalInMs());
      await this.#renew();
    }
  }

  /** Tries until a write has been acknowledged in time, or the term has ended. */
  async #renew(): Promise<void> {
    const { pen, timing, random } = this.#options;
    const isWanted = () => !this.#hasEnded() && this.#window.lossInMs() > 0;
    for (let failures = 0; this.#mayWrite(); failures += 1) {
      const outcome = await pen.renew(this.#facts, this.#basis, isWanted);
      if (this.#hasEnded()) return;
      if (outcome.kind === 'written' && this.#acknowledge(outcome)) return;
      let fault = outcome.kind === 'fault' ? outcome.fault : undefined;
      if (outcome.kind === 'conflict') fault = await this.#inspect();
      if (this.#hasEnded()) return;
      if (fault?.kind === 'unsupported') this.#lose({ kind: 'unsupported', fault });
      else if (fault) this.#reportFailing(fault);
      else if (failures === 0) continue;
      // Whatever the server asks for, there is one more try before the deadline.
      const longestMs = Math.max(this.#window.lossInMs() / 2, shortestPauseMs);
      await this.#pause(Math.min(backoffMs(failures, { fault, timing, random }), longestMs));
    }
  }

  /** A closed window ends the writing before any alarm has rung. */
  #mayWrite(): boolean {
    if (!this.#hasEnded() && this.#window.lossInMs() <= 0) this.#closeWindow();
    return !this.#hasEnded();
  }

  /** Whether the write gives us trust now; false leads to another write. */
  #acknowledge({ current, sentAtMs }: Extract<WriteOutcome, { kind: 'written' }>): boolean {
    const { emit } = this.#options;
    const wasDoubted = this.#window.isDoubted;
    this.#basis = current;
    if (this.#window.lossInMs() <= 0) {
      this.#closeWindow();
      return false;
    }
    if (!this.#window.extend(sentAtMs)) return false;
    if (this.#failing) emit({ type: 'renewal-recovered' });
    if (this.#found) emit({ type: 'restored', found: this.#found });
    this.#failing = false;
    this.#found = undefined;
    this.#notify('extended');
    if (wasDoubted) {
      emit({ type: 'resumed' });
      this.#notify('resumed');
    }
    return true;
  }

  /** After a conflict: reads, and decides whose lock it is. A fault leaves that open. */
  async #inspect(): Promise<LockFault | undefined> {
    const { pen, timing } = this.#options;
    try {
      const seen = await pen.read(this.#ended.signal);
      if (!this.#mayWrite()) return undefined;
      const verdict = judge(seen, {
        ...timing,
        isOurs: seen !== undefined && pen.isOurs(seen.record),
        isDoubted: this.#window.isDoubted,
        transitions: this.transitions,
      });
      this.#basis = seen;
      if (verdict.kind === 'ours') this.#found = verdict.found ?? this.#found;
      else this.#lose(verdict);
      if (verdict.kind === 'usurped' && seen) this.#options.onUsurped(seen);
      return undefined;
    } catch (thrown) {
      return asFault(thrown);
    }
  }

  /** Rings at the deadline, and looks up in between to see whether the machine has slept. */
  async #keepVigil(): Promise<void> {
    while (!this.#hasEnded()) {
      const leftMs = this.#window.lossInMs();
      if (leftMs <= 0) this.#closeWindow();
      else await this.#options.clock.sleep(Math.min(leftMs, vigilMs), this.#ended.signal);
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
    this.#nap.abort();
  }

  #lose(loss: Loss): void {
    if (this.#hasEnded()) return;
    this.#phase = 'lost';
    this.#end();
    this.#options.emit({ type: 'lost', loss });
    this.#lost.abort(loss);
  }

  #reportFailing(fault: LockFault): void {
    if (this.#failing) return;
    this.#failing = true;
    this.#options.emit({ type: 'renewal-failing', fault, lossInMs: this.#window.lossInMs() });
  }

  #notify(change: TermChange): void {
    for (const listener of this.#listeners) undisturbed(listener)(change);
  }

  /** Cut short when the next write has become urgent. */
  async #pause(ms: number): Promise<void> {
    this.#nap = new AbortController();
    if (!this.#hasEnded()) await this.#options.clock.sleep(ms, this.#nap.signal);
  }

  #end(): void {
    this.#ended.abort();
    this.#nap.abort();
  }

  #hasEnded(): boolean {
    return this.#ended.signal.aborted;
  }
}
