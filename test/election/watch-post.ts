import type { LockFault, Sighting } from '../../src/election/lock.ts';
import type { MemoryLockServer } from '../../src/testing/memory-lock.ts';

type Item = Sighting | LockFault | 'end';

/** Watches on a lock in memory, and the hand of the test on what they show. */
export class WatchPost {
  /** How often a watch was asked for. */
  asked = 0;
  /** Answers instead of a watch. */
  refusal: LockFault | undefined;
  /** Changes are not shown any more; a watch still opens with the present state. */
  isSilent = false;
  readonly #server: MemoryLockServer;
  readonly #streams = new Set<(item: Item) => void>();

  constructor(server: MemoryLockServer) {
    this.#server = server;
    server.onChange((sighting) => {
      if (!this.isSilent) this.show(sighting);
    });
  }

  get open(): number {
    return this.#streams.size;
  }

  show(item: Item): void {
    for (const stream of this.#streams) stream(item);
  }

  readonly watch = (signal: AbortSignal): Promise<AsyncIterable<Sighting>> => {
    this.asked += 1;
    if (this.refusal) return Promise.reject(this.refusal);
    return Promise.resolve(this.#stream(signal));
  };

  async *#stream(signal: AbortSignal): AsyncGenerator<Sighting> {
    const items: Item[] = [];
    let wake: () => void = () => undefined;
    const arrive = (item: Item) => {
      items.push(item);
      wake();
    };
    const end = () => {
      arrive('end');
    };
    const { current } = this.#server;
    if (current) arrive({ version: current.version, seen: current });
    this.#streams.add(arrive);
    signal.addEventListener('abort', end);
    try {
      for (;;) {
        const item = items.shift();
        if (item === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else if (item === 'end') return;
        else if (item instanceof Error) throw item;
        else yield item;
      }
    } finally {
      this.#streams.delete(arrive);
      signal.removeEventListener('abort', end);
    }
  }
}
