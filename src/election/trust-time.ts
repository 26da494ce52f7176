/**
 * The time by which trust is counted: monotonic time plus whatever the machine slept. Monotonic time alone
 * stands still during a suspension while the other candidates' clocks go on (design rule 12).
 */
import type { Clock } from './clock.ts';

/** Boot time is read from a source with 10 ms steps; less than this is not a suspension. */
const granularityMs = 100;

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
