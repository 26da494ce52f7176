import type { Clock } from './election/clock.ts';
import { uptimeMs } from './platform/machine.ts';
import { randomNumber } from './platform/random.ts';

/** setTimeout takes no more; a longer sleep wakes early, as the port allows. */
const longestSleepMs = 2 ** 31 - 1;

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => performance.now(),
  bootTime() {
    try {
      return uptimeMs();
    } catch {
      // Some sandboxes hide it. Then a suspension is not noticed, as for every other program there.
      return performance.now();
    }
  },
  wall: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (!(ms > 0) || signal?.aborted) {
        resolve();
        return;
      }
      const ring = () => {
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(ring, Math.min(Math.ceil(ms), longestSleepMs));
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      signal?.addEventListener('abort', wake, { once: true });
    }),
};

/** Uniform in [0, 1). Not Math.random: machines cloned with its state would draw the same. */
export function random(): number {
  return randomNumber() / 2 ** 32;
}
