import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../election/clock.ts';

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

/**
 * Time that stands still until a test moves it. `advance` wakes each sleeper at its own moment and lets the code
 * come to rest before the next one, so what a test sees does not depend on the machine.
 */
export class FakeClock implements Clock {
  #nowMs = 1_000;
  #bootAheadMs = 50_000;
  #wallAheadMs = 1_800_000_000_000;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#nowMs;
  }

  bootTime(): number {
    return this.#nowMs + this.#bootAheadMs;
  }

  wall(): number {
    return this.#nowMs + this.#wallAheadMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        wakeAtMs: this.#nowMs + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake);
    });
  }

  /** How many are asleep: 0 after a test means that nothing was left running. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  /** Moves time by `ms`, waking everybody on the way in order; `afterStep` is called whenever all is at rest. */
  async advance(ms: number, afterStep?: () => void): Promise<void> {
    const targetMs = this.#nowMs + ms;
    await atRest();
    for (;;) {
      afterStep?.();
      const next = this.#firstToWake();
      if (!next || next.wakeAtMs > targetMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.wakeAtMs);
      next.wake();
      await atRest();
    }
    this.#nowMs = targetMs;
  }

  #firstToWake(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers)
      if (!first || sleeper.wakeAtMs < first.wakeAtMs) first = sleeper;
    return first;
  }

  /** Moves time while nobody can run: the machine sleeps, or the event loop stands still. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  /** The machine sleeps: boot time goes on, monotonic time and everybody's alarms do not. */
  suspend(ms: number): void {
    this.#bootAheadMs += ms;
    this.#wallAheadMs += ms;
  }

  /** Somebody sets the wall clock. */
  stepWall(ms: number): void {
    this.#wallAheadMs += ms;
  }
}

/** Resolves when every promise that can settle without time passing has settled. */
export function atRest(): Promise<void> {
  return nextTurn();
}
