/**
 * What lies between one process and the server: packets that are quick, slow, lost, held up until a partition ends,
 * doubled, or answered with a refusal. A request that was given up is delivered all the same, as on a real wire.
 */
import {
  LockFault,
  type Lock,
  type RequestOptions,
  type Sighting,
  type Versioned,
  type WriteResult,
} from '../../src/election/lock.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import type { Machine, ProcessClock } from './machine.ts';
import type { Place } from './schedule.ts';
import { watchStream } from './watch-stream.ts';

export interface WireOptions {
  readonly truth: FakeClock;
  readonly machine: Machine;
  readonly clock: ProcessClock;
  /** True time from which on nothing goes wrong any more. */
  readonly healsAtMs: number;
  /** How many of a thousand packets something happens to. */
  readonly noisiness: number;
  /** For each request a source of chance of its own, so that one request more does not change the others. */
  readonly dice: () => () => number;
  /** Whether the lock can be watched. */
  readonly isWatchable: boolean;
  readonly onRead: (seen: Versioned | undefined, place: Place) => void;
  readonly onSighting: (sighting: Sighting, place: Place) => void;
}

/** One object on the server, as far as this process is concerned. */
export interface Endpoint {
  readonly place: Place;
  read(): Versioned | undefined;
  write(...args: [Parameters<Lock['write']>[0], Versioned | undefined]): WriteResult;
  past(back: number): Sighting | undefined;
  watch(watcher: (sighting: Sighting) => void): () => void;
}

export type Dice = () => number;

export class Wire {
  readonly #options: WireOptions;
  #cutUntilMs = 0;
  #deafUntilMs = 0;
  #slowUntilMs = 0;

  constructor(options: WireOptions) {
    this.#options = options;
  }

  disturb(kind: 'cut' | 'deaf' | 'slow', untilMs: number): void {
    if (kind === 'cut') this.#cutUntilMs = Math.max(this.#cutUntilMs, untilMs);
    if (kind === 'deaf') this.#deafUntilMs = Math.max(this.#deafUntilMs, untilMs);
    if (kind === 'slow') this.#slowUntilMs = Math.max(this.#slowUntilMs, untilMs);
  }

  /** How long nothing gets through any more. */
  heldForMs(): number {
    const untilMs = Math.max(this.#cutUntilMs, this.#deafUntilMs, this.#slowUntilMs);
    return untilMs - this.#options.truth.now();
  }

  lockOn(server: Endpoint): Lock {
    return {
      read: async (options) => {
        const seen = await this.#request(options, () => server.read());
        this.#options.onRead(seen, server.place);
        return seen;
      },
      ...(this.#options.isWatchable
        ? { watch: (signal: AbortSignal) => this.#watch(server, signal) }
        : {}),
      write: (record, basis, options) =>
        this.#request(options, (dice) => {
          const answer = server.write(record, basis);
          if (this.#isUnlucky(dice, 0.25))
            void this.#late(dice() * 5_000).then(() => server.write(record, basis));
          // A proxy has sent it twice, and passes on the second answer.
          return this.#isUnlucky(dice, 0.25) ? server.write(record, basis) : answer;
        }),
    };
  }

  /** Packets of a stream arrive in their order, unless the server itself is confused. */
  async #watch(server: Endpoint, signal: AbortSignal): Promise<AsyncIterable<Sighting>> {
    const { truth, clock, healsAtMs, noisiness, onSighting } = this.#options;
    return this.#request({ signal }, (dice) =>
      watchStream(server, {
        truth,
        clock,
        dice,
        signal,
        onSighting: (sighting) => {
          onSighting(sighting, server.place);
        },
        isUnlucky: () => this.#isUnlucky(dice, noisiness === 0 ? 0 : 3),
        heldForMs: () => this.heldForMs(),
        leftMs: () => Math.max(0, healsAtMs - truth.now()),
      }),
    );
  }

  #request<T>({ signal }: RequestOptions, apply: (dice: Dice) => T): Promise<T> {
    const { clock } = this.#options;
    const dice = this.#options.dice();
    const roundTrip = async () => {
      await this.#leg('there', dice);
      const answer = apply(dice);
      await this.#leg('back', dice);
      return answer;
    };
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        reject(new LockFault('unreachable', 'given up'));
      };
      if (signal.aborted) giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      roundTrip().then(
        async (answer) => {
          await clock.awake();
          resolve(answer);
        },
        async (fault: unknown) => {
          await clock.awake();
          reject(fault instanceof Error ? fault : new Error(String(fault)));
        },
      );
    });
  }

  async #leg(direction: 'there' | 'back', dice: Dice): Promise<void> {
    const { truth, machine } = this.#options;
    // What is still in a socket's buffer when the machine falls asleep leaves when it wakes.
    if (direction === 'there') await machine.awake();
    const isDeaf = direction === 'back' && truth.now() < this.#deafUntilMs;
    const heldUntilMs = Math.max(this.#cutUntilMs, isDeaf ? this.#deafUntilMs : 0);
    if (heldUntilMs > truth.now()) {
      if (dice() < 0.6) await this.#lost();
      await truth.sleep(heldUntilMs - truth.now());
    }
    if (truth.now() < this.#slowUntilMs) await this.#late(dice() * 7_000);
    if (this.#isUnlucky(dice)) await this.#mishap(dice);
    await truth.sleep(dice() * dice() * 20);
  }

  #isUnlucky(dice: Dice, share = 1): boolean {
    const { truth, healsAtMs, noisiness } = this.#options;
    return noisiness > 0 && truth.now() < healsAtMs && dice() * 1_000 < noisiness * share;
  }

  async #mishap(dice: Dice): Promise<void> {
    const fate = dice();
    if (fate < 0.25) await this.#lost();
    if (fate < 0.5) throw new LockFault('unreachable', 'reset');
    if (fate < 0.6) throw new LockFault('unreachable', '429', { retryAfterMs: dice() * 1_500 });
    await this.#late(dice() * 7_000);
  }

  /** When everything heals, nothing is late any more. */
  #late(ms: number): Promise<void> {
    const { truth, healsAtMs } = this.#options;
    return truth.sleep(Math.min(ms, Math.max(0, healsAtMs - truth.now())));
  }

  /** Nobody hears of it until the connection is reset, when everything else heals. */
  async #lost(): Promise<never> {
    const { truth, healsAtMs } = this.#options;
    await truth.sleep(healsAtMs - truth.now());
    throw new LockFault('unreachable', 'reset after a long silence');
  }
}
