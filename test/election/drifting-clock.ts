import type { Clock } from '../../src/election/clock.ts';
import type { FakeClock } from '../support/fake-clock.ts';

/** Timers never ring early, and no sum of floats may make them. */
const lateByMs = 0.001;

/**
 * One machine's view of true time: ahead by an offset, and going at its own rate. Its process may be frozen, and
 * the whole machine may sleep; then monotonic time and all alarms stand still with it.
 */
export class DriftingClock implements Clock {
  readonly #truth: FakeClock;
  readonly #rate: number;
  readonly #offsetMs: number;
  #frozenUntilMs = -Infinity;
  #sleptMs = 0;
  #asleepFromMs = -Infinity;
  #asleepUntilMs = -Infinity;

  constructor(truth: FakeClock, { rate = 1, offsetMs = 0 }: { rate?: number; offsetMs?: number }) {
    this.#truth = truth;
    this.#rate = rate;
    this.#offsetMs = offsetMs;
  }

  now(): number {
    const now = this.#truth.now();
    const latestSleepMs = Math.min(now, this.#asleepUntilMs) - this.#asleepFromMs;
    const sleptMs = this.#sleptMs + (Number.isFinite(latestSleepMs) ? latestSleepMs : 0);
    return this.#offsetMs + (now - sleptMs) * this.#rate;
  }

  bootTime(): number {
    return this.#offsetMs + this.#truth.now() * this.#rate + 77_000;
  }

  wall(): number {
    return this.bootTime() + 1_800_000_000_000;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const wakeAtMs = this.now() + ms;
    while (!signal?.aborted && this.now() < wakeAtMs) {
      await this.#truth.sleep(this.trueMs(wakeAtMs - this.now()) + lateByMs, signal);
      await this.awake();
    }
    await this.awake();
  }

  /** True milliseconds that pass during `ms` of this clock. */
  trueMs(ms: number): number {
    return ms / this.#rate;
  }

  /** From now on nothing of this process runs for `ms` of true time. */
  freeze(ms: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#truth.now() + ms);
  }

  /** The machine sleeps for `ms` of true time. */
  suspend(ms: number): void {
    if (this.isAsleep) return;
    if (this.#asleepUntilMs > -Infinity) this.#sleptMs += this.#asleepUntilMs - this.#asleepFromMs;
    this.#asleepFromMs = this.#truth.now();
    this.#asleepUntilMs = this.#truth.now() + ms;
    this.freeze(ms);
  }

  get isAsleep(): boolean {
    return this.#truth.now() < this.#asleepUntilMs;
  }

  /** Resolves when the process may run. */
  async awake(): Promise<void> {
    while (this.#truth.now() < this.#frozenUntilMs)
      await this.#truth.sleep(this.#frozenUntilMs - this.#truth.now());
  }
}
