import { LockFault } from '../election/lock.ts';
import { recordAfter } from '../election/record.ts';
import type {
  LeaderRecord,
  Lock,
  RequestOptions,
  Sighting,
  Versioned,
  WriteResult,
} from '../election/lock.ts';

export interface Call {
  readonly verb: 'read' | 'write';
  readonly record: LeaderRecord | undefined;
  readonly basis: Versioned | undefined;
  readonly fresh: boolean;
  /** Aborts when the caller gives up. */
  readonly signal: AbortSignal;
}

/**
 * What happens to a request on its way there and to the answer on its way back. Either may wait, throw, or never
 * resolve; a request that was given up meanwhile is still delivered, as on a real wire.
 */
export interface Network {
  onTheWayThere?(call: Call): Promise<void> | void;
  onTheWayBack?(call: Call): Promise<void> | void;
}

/** The lock object in memory, with any number of handles on it and a hand that may edit it. */
export class MemoryLockServer {
  readonly calls: Call[] = [];
  readonly #listeners = new Set<(sighting: Sighting) => void>();
  #current: Versioned | undefined;
  #version = 100;
  #uid = 0;

  get current(): Versioned | undefined {
    return this.#current;
  }

  get record(): LeaderRecord | undefined {
    return this.#current?.record;
  }

  /** Writes as a person with kubectl would; undefined deletes. */
  edit(record: LeaderRecord): Versioned;
  edit(record: LeaderRecord | undefined): Versioned | undefined;
  edit(record: LeaderRecord | undefined): Versioned | undefined {
    this.#version += 1;
    const version = String(this.#version);
    if (!this.#current) this.#uid += 1;
    this.#current = record && { record, version, origin: undefined, uid: String(this.#uid) };
    for (const listener of this.#listeners) listener({ version, seen: this.#current });
    return this.#current;
  }

  onChange(listener: (sighting: Sighting) => void): void {
    this.#listeners.add(listener);
  }

  handle(network: Network = {}): Lock {
    return {
      read: (options) =>
        this.#through(
          network,
          { verb: 'read', record: undefined, basis: undefined },
          options,
          () => this.#current,
        ),
      write: (record, basis, options) =>
        this.#through(network, { verb: 'write', record, basis }, options, () =>
          this.#write(record, basis),
        ),
    };
  }

  #write(record: LeaderRecord, basis: Versioned | undefined): WriteResult {
    if (basis?.version !== this.#current?.version) return { kind: 'conflict' };
    return { kind: 'written', current: this.edit(recordAfter(record, this.#current?.record)) };
  }

  #through<T>(
    network: Network,
    what: Omit<Call, 'fresh' | 'signal'>,
    { signal, fresh = false }: RequestOptions,
    apply: () => T,
  ): Promise<T> {
    const call: Call = { ...what, fresh, signal };
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        reject(new LockFault('unreachable', 'aborted'));
      };
      if (signal.aborted) giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      const roundTrip = async () => {
        this.calls.push(call);
        await network.onTheWayThere?.(call);
        const answer = apply();
        await network.onTheWayBack?.(call);
        return answer;
      };
      roundTrip().then(resolve, reject);
    });
  }
}
