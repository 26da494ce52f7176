/** Electors of the library on one lock in memory, under a clock that the test moves. */
import type { ElectionEvent } from '../../src/election/events.ts';
import type { LeaderRecord } from '../../src/election/lock.ts';
import { LeaderElector, type LeaderElectorOptions } from '../../src/index.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryLockServer } from '../../src/testing/memory-lock.ts';
import { Wire } from '../election/wire.ts';
import { seededRandom } from '../support/random.ts';

export class Stage {
  readonly clock = new FakeClock();
  readonly server = new MemoryLockServer();
  #electors = 0;

  elector(identity: string, options: Partial<LeaderElectorOptions> = {}) {
    const wire = new Wire(this.clock);
    const events: ElectionEvent[] = [];
    const elector = new LeaderElector({
      lock: this.server.handle(wire),
      clock: this.clock,
      identity,
      random: seededRandom((this.#electors += 1)),
      onEvent: (event) => events.push(event),
      ...options,
    });
    return { elector, wire, events };
  }

  get holder(): string | undefined {
    return this.server.record?.holder;
  }

  /** The lock changes hands by force. */
  give(holder: string): void {
    this.server.edit({
      ...(this.server.record ?? blank),
      holder,
      renewTimeUs: 1,
      acquireTimeUs: 1,
    });
  }
}

const blank: LeaderRecord = {
  holder: '',
  leaseDurationMs: 15_000,
  acquireTimeUs: 0,
  renewTimeUs: 0,
  transitions: 0,
};

/** Something that a test ends when it likes. */
export function work() {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  return {
    done: promise,
    end: () => {
      resolve(undefined);
    },
    fail: reject,
  };
}
