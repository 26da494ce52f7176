import type { Clock } from './clock.ts';

export interface SigningTimeOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * The times that a process signs its writes with: wall-clock time with random microseconds. Within a term they increase
 * strictly, also while the wall clock stands still or is set back. The server makes no new version of a write that changes
 * nothing, and then no standby would see the renewal.
 */
export class SigningTime {
  readonly #options: SigningTimeOptions;
  #latestUs = -Infinity;

  constructor(options: SigningTimeOptions) {
    this.#options = options;
  }

  /** A new term follows a wall clock that was set back. */
  beginUs(): number {
    this.#latestUs = -Infinity;
    return this.nextUs();
  }

  nextUs(): number {
    const { clock, random } = this.#options;
    const fraction = Math.floor(random() * 1_000);
    const nowUs = Math.floor(clock.wall()) * 1_000 + fraction;
    this.#latestUs = Math.max(nowUs, this.#latestUs + 1 + fraction);
    return this.#latestUs;
  }
}
