/** Somebody who asks the leader to step down, by the real command, on whatever the lock is kept in. */
import { stepDown } from '../../src/commands/step-down.ts';
import type { Lock } from '../../src/election/lock.ts';
import { ExpectedError } from '../../src/errors.ts';
import { pairLock } from '../../src/locks/pair.ts';
import { seededRandom } from '../support/random.ts';
import type { Place } from './schedule.ts';
import type { World } from './world.ts';

/** The slowest way of one of its requests or answers. */
const slowestMs = 40;

export class Operator {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async stepDown(seed: number): Promise<void> {
    const { schedule, truth } = this.#world;
    const random = seededRandom(seed ^ schedule.noise);
    const [first, second] = [this.#lock('first', random), this.#lock('second', random)];
    const plan = { lock: 'nightly', waitMs: undefined, requestTimeoutMs: 1_000 };
    const ports = {
      found: schedule.migration === 'none' ? first : pairLock(first, second),
      clock: truth,
      signal: new AbortController().signal,
      stdout: (text: string) => {
        this.#world.tell('-', text.trimEnd());
      },
      stderr: () => undefined,
    };
    await stepDown(plan, ports).catch((thrown: unknown) => {
      if (!(thrown instanceof ExpectedError)) throw thrown;
      this.#world.tell('-', thrown.message);
    });
  }

  #lock(place: Place, random: () => number): Lock {
    const { truth } = this.#world;
    const endpoint = this.#world.endpointFor(undefined, place);
    const there = async <T>(apply: () => T): Promise<T> => {
      await truth.sleep(random() * slowestMs);
      const answer = apply();
      await truth.sleep(random() * slowestMs);
      return answer;
    };
    return {
      read: () => there(() => endpoint.read()),
      write: (record, basis) => there(() => endpoint.write(record, basis)),
    };
  }
}
