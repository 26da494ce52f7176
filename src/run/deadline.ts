import type { Clock } from '../election/clock.ts';

/**
 * A deadline that can only come closer. It counts boot time, which goes on while the machine sleeps: a standby that
 * waits for our command to be gone does not sleep with us.
 */
export interface Deadline {
  /** Moves it to `ms` from now at the latest, or to now when `ms` is not positive. False when it was sooner already. */
  within(ms: number): boolean;
  readonly hasPassed: boolean;
  /** Settles when the deadline has passed. */
  readonly passed: Promise<void>;
  /** From now on it never passes. */
  cancel(): void;
}

/** Alarms stand still while the machine sleeps, so look at the clock in between. */
const longestNapMs = 1_000;

export function movableDeadline(clock: Clock): Deadline {
  let pass: () => void;
  const passed = new Promise<void>((resolve) => (pass = resolve));
  let atMs = Infinity;
  let hasPassed = false;
  let alarm = new AbortController();

  const wait = async (signal: AbortSignal) => {
    while (!signal.aborted && clock.bootTime() < atMs)
      await clock.sleep(Math.min(atMs - clock.bootTime(), longestNapMs), signal);
    if (signal.aborted) return;
    hasPassed = true;
    pass();
  };
  return {
    passed,
    get hasPassed() {
      return hasPassed;
    },
    within(ms) {
      if (clock.bootTime() + ms >= atMs) return false;
      atMs = clock.bootTime() + ms;
      alarm.abort();
      alarm = new AbortController();
      void wait(alarm.signal);
      return true;
    },
    cancel() {
      atMs = -Infinity;
      alarm.abort();
    },
  };
}
