import type { Clock } from '../election/clock.ts';

/**
 * A deadline that can only come closer. It is counted in boot time, which goes on while the machine sleeps: whoever
 * waits for our command to be gone does not sleep with us.
 */
export interface Fuse {
  /** Burns down in `ms` at the latest; in no time when `ms` is not positive. False when it would have anyway. */
  within(ms: number): boolean;
  readonly isBurnt: boolean;
  /** Settles when the fuse has burnt down. */
  readonly burnt: Promise<void>;
  /** From now on nothing happens any more. */
  snuff(): void;
}

/** Alarms stand still while the machine sleeps, so the clock is looked at in between. */
const longestNapMs = 1_000;

export function layFuse(clock: Clock): Fuse {
  let ring: () => void;
  const burnt = new Promise<void>((resolve) => (ring = resolve));
  let burnsAtMs = Infinity;
  let isBurnt = false;
  let alarm = new AbortController();

  const burnDown = async (signal: AbortSignal) => {
    while (!signal.aborted && clock.bootTime() < burnsAtMs)
      await clock.sleep(Math.min(burnsAtMs - clock.bootTime(), longestNapMs), signal);
    if (signal.aborted) return;
    isBurnt = true;
    ring();
  };
  return {
    burnt,
    get isBurnt() {
      return isBurnt;
    },
    within(ms) {
      if (clock.bootTime() + ms >= burnsAtMs) return false;
      burnsAtMs = clock.bootTime() + ms;
      alarm.abort();
      alarm = new AbortController();
      void burnDown(alarm.signal);
      return true;
    },
    snuff() {
      burnsAtMs = -Infinity;
      alarm.abort();
    },
  };
}
