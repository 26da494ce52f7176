import type { Clock } from '../../src/election/clock.ts';
import type { FakeClock } from '../support/fake-clock.ts';

/** Timers never ring early, and no sum of floats may make them. */
const lateByMs = 0.001;

/** One machine's view of true time: ahead by an offset, and going at its own rate. Its process may be frozen. */
export class DriftingClock implements Clock {
  readonly #truth: FakeClock;
  readonly #rate: number;
  readonly #offsetMs: number;
  #frozenUntilMs = -Infinity;

  constructor(truth: FakeClock, { rate = 1, offsetMs = 0 }: { rate?: number; offsetMs?: number }) {
    this.#truth = truth;
    this.#rate = rate;
    this.#offsetMs = offsetMs;
  }

  now(): number {
    return this.#offsetMs + this.#truth.now() * this.#rate;
  }

  bootTime(): number {
    return this.now() + 77_000;
  }

  wall(): number {
    return this.now() + 1_800_000_000_000;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms > 0) await this.#truth.sleep(ms / this.#rate + lateByMs, signal);
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

  /** Resolves when the process may run. */
  async awake(): Promise<void> {
    while (this.#truth.now() < this.#frozenUntilMs)
      await this.#truth.sleep(this.#frozenUntilMs - this.#truth.now());
  }
}
