/**
 * The writing that keeps a term.
 *
 *     ──▶ pause ── a retry period has passed, or an alarm ──▶ write ── acknowledged in time ──▶ pause
 *                                                     ▲        │
 *                            backoff ── a fault ──────┤        ├ fault
 *                                                     └ ours ──┤ conflict ──▶ read: whose lock is it? ──▶ lost
 *
 * A renewal is one write on the version we wrote last. Only a conflict costs a read, and that read decides:
 * our own write (its answer was lost, or a foreign hand edited around it), a deleted or emptied object → write
 * afresh on it and trust only that; anybody else → lost, and nothing more is written (design rules 6, 7, 8, 14).
 * Beside our own record it may find a wish for this very term: that is told, and the term goes on until it is released.
 */
import { backoffMs } from './backoff.ts';
import type { ForeignEdit, RenewalResult } from './events.ts';
import { asFault, type LockFault, type Versioned } from './lock.ts';
import type { TermFacts, WriteOutcome } from './pen.ts';
import { Sentry } from './sentry.ts';
import type { Office, TermOptions } from './term-options.ts';
import { judge, type Verdict } from './verdict.ts';

const shortestPauseMs = 50;
/** The start of the command comes first. */
const watchAfterMs = 200;
const results: Record<WriteOutcome['kind'], RenewalResult> = {
  written: 'acknowledged',
  conflict: 'conflict',
  fault: 'failed',
};

export class Renewal {
  readonly #options: TermOptions;
  readonly #office: Office;
  readonly #facts: TermFacts;
  readonly #sentry: Sentry;
  #nap = new AbortController();
  #basis: Versioned | undefined;
  #found: ForeignEdit | undefined;
  #failing = false;
  #isAsked = false;

  constructor(options: TermOptions, office: Office) {
    const { current } = options.won;
    const { acquireTimeUs = 0, transitions } = current.record;
    this.#options = options;
    this.#office = office;
    this.#facts = { acquireTimeUs, transitions };
    this.#basis = current;
    this.#sentry = new Sentry({
      lookout: options.lookout,
      isAsWritten: (seen) => {
        const verdict = this.#judge(seen);
        const isNews = verdict.kind === 'ours' && verdict.wish !== undefined && !this.#isAsked;
        return verdict.kind === 'ours' && verdict.found === undefined && !isNews;
      },
      basis: () => this.#basis,
      remember: options.remember,
      now: () => options.pen.trustTime.now(),
      onAlarm: () => {
        this.hurry();
      },
    });
    office.ended.addEventListener('abort', () => {
      options.lookout.stop();
      this.hurry();
    });
  }

  /** What our latest acknowledged write became, if nothing else has been seen since; undefined when that is in doubt. */
  get latest(): Versioned | undefined {
    const { pen } = this.#options;
    return this.#basis && pen.isOurs(this.#basis.record) ? this.#basis : undefined;
  }

  /** The next write has become urgent. */
  hurry(): void {
    this.#nap.abort();
  }

  async untilEnd(): Promise<void> {
    const { clock } = this.#options;
    void this.#beginToWatch();
    let notBeforeMs = clock.now();
    while (!this.#hasEnded()) {
      if (!this.#sentry.isAlarmed) await this.#pause(this.#office.window.renewalInMs());
      // Against a hand that never rests.
      if (this.#sentry.isAlarmed) await clock.sleep(notBeforeMs - clock.now());
      notBeforeMs = clock.now() + shortestPauseMs;
      await this.#renew();
    }
  }

  async #beginToWatch(): Promise<void> {
    const { clock, lookout } = this.#options;
    await clock.sleep(watchAfterMs, this.#office.ended);
    if (!this.#hasEnded()) lookout.start();
  }

  /** Tries until a write has been acknowledged in time, or the term has ended. */
  async #renew(): Promise<void> {
    const { pen, clock, timing, random, emit } = this.#options;
    const { window } = this.#office;
    const isWanted = () => !this.#hasEnded() && window.lossInMs() > 0;
    for (let failures = 0; this.#mayWrite(); failures += 1) {
      const beganAtMs = clock.now();
      const outcome = await pen.renew(this.#facts, this.#basis, isWanted);
      if (this.#hasEnded()) return;
      emit({ type: 'renewal', result: results[outcome.kind], tookMs: clock.now() - beganAtMs });
      if (outcome.kind === 'written' && this.#acknowledge(outcome)) return;
      let fault = outcome.kind === 'fault' ? outcome.fault : undefined;
      if (outcome.kind === 'conflict') fault = await this.#inspect();
      if (this.#hasEnded()) return;
      if (fault?.kind === 'unsupported') this.#office.lose({ kind: 'unsupported', fault });
      else if (fault) this.#reportFailing(fault);
      else if (failures === 0) continue;
      // Whatever the server asks for, there is one more try before the deadline.
      const longestMs = Math.max(window.lossInMs() / 2, shortestPauseMs);
      await this.#pause(Math.min(backoffMs(failures, { fault, timing, random }), longestMs));
    }
  }

  /** A closed window ends the writing before any alarm has rung. */
  #mayWrite(): boolean {
    if (!this.#hasEnded() && this.#office.window.lossInMs() <= 0) this.#office.closeWindow();
    return !this.#hasEnded();
  }

  /** Whether the write gives us trust now; false leads to another write. */
  #acknowledge({ current, sentAtMs }: TermOptions['won']): boolean {
    const { emit } = this.#options;
    const { window } = this.#office;
    const wasDoubted = window.isDoubted;
    this.#basis = current;
    this.#sentry.acknowledged(current, sentAtMs);
    if (window.lossInMs() <= 0) {
      this.#office.closeWindow();
      return false;
    }
    if (!window.extend(sentAtMs)) return false;
    if (this.#failing) emit({ type: 'renewal-recovered' });
    if (this.#found) emit({ type: 'restored', found: this.#found });
    this.#failing = false;
    this.#found = undefined;
    this.#office.notify('extended');
    if (wasDoubted) {
      emit({ type: 'resumed' });
      this.#office.notify('resumed');
    }
    return true;
  }

  /** After a conflict: reads, and decides whose lock it is. A fault leaves that open. */
  async #inspect(): Promise<LockFault | undefined> {
    const { pen, remember } = this.#options;
    try {
      const seen = await pen.read(this.#office.ended);
      if (!this.#mayWrite()) return undefined;
      const verdict = this.#judge(seen);
      this.#basis = seen;
      if (verdict.kind === 'ours') {
        this.#found = verdict.found ?? this.#found;
        if (verdict.wish) this.#heed();
      } else this.#office.lose(verdict);
      if (verdict.kind === 'usurped') remember(seen);
      return undefined;
    } catch (thrown) {
      return asFault(thrown);
    }
  }

  #heed(): void {
    if (!this.#isAsked) this.#office.askToEnd();
    this.#isAsked = true;
  }

  #judge(seen: Versioned | undefined): Verdict {
    const { pen, timing } = this.#options;
    return judge(seen, {
      ...timing,
      ...this.#facts,
      isOurs: seen !== undefined && pen.isOurs(seen.record),
      isDoubted: this.#office.window.isDoubted,
    });
  }

  #reportFailing(fault: LockFault): void {
    if (this.#failing) return;
    this.#failing = true;
    const lossInMs = this.#office.window.lossInMs();
    this.#options.emit({ type: 'renewal-failing', fault, lossInMs });
  }

  /** Cut short when the next write has become urgent. */
  async #pause(ms: number): Promise<void> {
    this.#nap = new AbortController();
    if (!this.#hasEnded()) await this.#options.clock.sleep(ms, this.#nap.signal);
  }

  #hasEnded(): boolean {
    return this.#office.ended.aborted;
  }
}
