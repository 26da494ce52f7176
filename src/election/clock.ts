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
   * clamped), so check the clock again after waking.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Boot time is read from a source with 10 ms steps; less than this is not a suspension. */
const granularityMs = 100;

/**
 * The time by which trust is counted: monotonic time plus whatever the machine slept (R12). Monotonic time alone stands still
 * during a suspension, while the other candidates' clocks go on.
 */
export interface TrustTime {
  /** Monotonic milliseconds, suspension included. */
  now(): number;
  /** Total suspension noticed so far, in milliseconds. */
  suspendedMs(): number;
}

export function trustTime(clock: Clock): TrustTime {
  const drift = () => clock.bootTime() - clock.now();
  const initialDrift = drift();
  let suspended = 0;
  const suspendedMs = () => {
    const now = drift() - initialDrift;
    if (now > suspended + granularityMs) suspended = now;
    return suspended;
  };
  return { suspendedMs, now: () => clock.now() + suspendedMs() };
}
