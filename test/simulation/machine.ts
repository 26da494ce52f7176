/**
 * One machine's view of true time: ahead by an offset, going at its own rate. The whole machine may sleep; then its
 * monotonic time and all its alarms stand still, while its boot time goes on. A process on it may be frozen alone.
 */
import type { Clock } from '../../src/election/clock.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';

/** Timers never ring early, and no sum of floats may make them. */
const lateByMs = 0.001;

export class Machine {
  readonly #truth: FakeClock;
  readonly #rate: number;
  readonly #offsetMs: number;
  #sleptMs = 0;
  #asleepFromMs = 0;
  #asleepUntilMs = 0;
  #wallAheadMs = 0;

  constructor(truth: FakeClock, { rate, offsetMs }: { rate: number; offsetMs: number }) {
    this.#truth = truth;
    this.#rate = rate;
    this.#offsetMs = offsetMs;
  }

  /** Monotonic milliseconds. */
  now(): number {
    const truth = this.#truth.now();
    const currentSleepMs = Math.min(truth, this.#asleepUntilMs) - this.#asleepFromMs;
    return this.#offsetMs + (truth - this.#sleptMs - currentSleepMs) * this.#rate;
  }

  bootTime(): number {
    return this.#offsetMs + this.#truth.now() * this.#rate + 77_000;
  }

  wall(): number {
    return this.bootTime() + 1_800_000_000_000 + this.#wallAheadMs;
  }

  stepWall(ms: number): void {
    this.#wallAheadMs += ms;
  }

  get isAsleep(): boolean {
    return this.#truth.now() < this.#asleepUntilMs;
  }

  get awakeSinceMs(): number {
    return this.#asleepUntilMs;
  }

  sleepFor(ms: number): void {
    const truth = this.#truth.now();
    if (!this.isAsleep) {
      this.#sleptMs += this.#asleepUntilMs - this.#asleepFromMs;
      this.#asleepFromMs = truth;
    }
    this.#asleepUntilMs = Math.max(this.#asleepUntilMs, truth + ms);
  }

  /** Resolves when `ms` of this machine's monotonic time have passed and it is awake. */
  async alarm(ms: number, signal?: AbortSignal): Promise<void> {
    const ringsAtMs = this.now() + ms;
    while (!signal?.aborted && this.now() < ringsAtMs)
      await this.#truth.sleep((ringsAtMs - this.now()) / this.#rate + lateByMs, signal);
    await this.awake();
  }

  async awake(): Promise<void> {
    while (this.isAsleep) await this.#truth.sleep(this.#asleepUntilMs - this.#truth.now());
  }
}

/** Time as one process sees it: it may be stopped, or its event loop blocked, while the machine goes on. */
export class ProcessClock implements Clock {
  readonly #machine: Machine;
  readonly #truth: FakeClock;
  #frozenUntilMs = 0;

  constructor(machine: Machine, truth: FakeClock) {
    this.#machine = machine;
    this.#truth = truth;
  }

  now(): number {
    return this.#machine.now();
  }

  bootTime(): number {
    return this.#machine.bootTime();
  }

  wall(): number {
    return this.#machine.wall();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.#machine.alarm(ms, signal);
    await this.awake();
  }

  /** Nothing of this process runs for so much true time; Infinity when it has been killed. */
  freeze(ms: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#truth.now() + ms);
  }

  /** True time since which nothing has kept it from running. */
  get freeSinceMs(): number {
    return Math.max(this.#frozenUntilMs, this.#machine.awakeSinceMs);
  }

  get isFrozen(): boolean {
    return this.#truth.now() < this.#frozenUntilMs || this.#machine.isAsleep;
  }

  /** True time for which nothing has kept it from running. */
  get freeForMs(): number {
    return this.#truth.now() - this.freeSinceMs;
  }

  /** Resolves when the process may run. */
  async awake(): Promise<void> {
    while (this.isFrozen) {
      await this.#machine.awake();
      await this.#truth.sleep(this.#frozenUntilMs - this.#truth.now());
    }
  }
}
