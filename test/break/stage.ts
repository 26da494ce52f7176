/** What several of these tests break with. */
import type { Lock } from '../../src/election/lock.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

/** A proxy that sends the next write twice, whenever it is told to, and passes on the second answer. */
export interface Doubling {
  readonly lock: Lock;
  next(): void;
}

export function doubling(lock: Lock): Doubling {
  let isDue = false;
  return {
    next: () => {
      isDue = true;
    },
    lock: {
      ...lock,
      async write(...what) {
        const answer = await lock.write(...what);
        if (!isDue) return answer;
        isDue = false;
        return lock.write(...what);
      },
    },
  };
}

/** A wall clock that stands still, as after a frozen RTC or while somebody steps it back again and again. */
export class StoppedWall extends FakeClock {
  override wall(): number {
    return 1_800_000_000_000;
  }
}
