/**
 * The port through which the election sees time. Nothing under `election/` reads a clock, sets a timer or
 * looks at the process in any other way, so a test can run a day of election in a millisecond.
 */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start. Stands still while the machine is suspended. */
  now(): number;
  /** Milliseconds since the machine booted, suspension included. At least 10 ms resolution. */
  bootTime(): number;
  /** Wall-clock milliseconds since 1970. Only for people to read: no decision that grants leadership uses it. */
  wall(): number;
  /**
   * Resolves after `ms`, or as soon as `signal` aborts; never rejects. May wake early (very long sleeps are
   * clamped), so whoever sleeps until a deadline looks at the clock again on waking.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
