/**
 * How long one acknowledged write may be trusted, by our own clock alone, and what is left of it now.
 *
 *     open ── lossAt ──▶ closed                    a later write that was sent at `s` opens it until s + renewDeadline
 *       └── it was the machine's sleep that closed it ──▶ doubted, for one more renew deadline
 *
 * A window that closed while the machine slept is special: nobody could have renewed, and a single renewal shows
 * whether somebody else has claimed meanwhile. Until then nothing may run (design rule 12).
 */
import { trustFrom, type Timing, type Trust } from './timing.ts';
import type { TrustTime } from './trust-time.ts';

export class TrustWindow {
  readonly #time: TrustTime;
  readonly #timing: Timing;
  #trust: Trust;
  #suspendedMs: number;
  #doubtedUntilMs: number | undefined;

  constructor(time: TrustTime, timing: Timing, sentAtMs: number) {
    this.#time = time;
    this.#timing = timing;
    this.#trust = trustFrom(sentAtMs, timing);
    this.#suspendedMs = time.suspendedMs();
  }

  get isDoubted(): boolean {
    return this.#doubtedUntilMs !== undefined;
  }

  /** Milliseconds until the term is lost unless a write is acknowledged. Not positive: it is. */
  lossInMs(): number {
    return (this.#doubtedUntilMs ?? this.#trust.lossAtMs) - this.#time.now();
  }

  /** Milliseconds until everything that relies on the trust must be dead. */
  killInMs(): number {
    return this.#trust.killAtMs - this.#time.now();
  }

  /** Milliseconds until the next renewal is due. */
  renewalInMs(): number {
    return this.#trust.sentAtMs + this.#timing.retryPeriodMs - this.#time.now();
  }

  /** Takes an acknowledged write into account; false when it was sent so long ago that it opens nothing. */
  extend(sentAtMs: number): boolean {
    const trust = trustFrom(sentAtMs, this.#timing);
    if (this.#time.now() >= trust.lossAtMs) return false;
    this.#trust = trust;
    this.#suspendedMs = this.#time.suspendedMs();
    this.#doubtedUntilMs = undefined;
    return true;
  }

  /** When it was sleep that closed the window: doubts it, and tells for how long the machine slept. */
  doubtIfSlept(): number | undefined {
    const sleptMs = this.#time.suspendedMs() - this.#suspendedMs;
    const wouldBeOpen = this.#time.now() - sleptMs < this.#trust.lossAtMs;
    if (this.isDoubted || sleptMs === 0 || !wouldBeOpen) return undefined;
    this.#doubtedUntilMs = this.#time.now() + this.#timing.renewDeadlineMs;
    return sleptMs;
  }
}
