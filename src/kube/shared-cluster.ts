/** The way to a cluster for any number of locks: it is found when the first of them needs it, once for all. */
import { LockFault } from '../election/lock.ts';
import { loadCluster, type ClusterOptions } from './config.ts';
import { connect, type Connection, type ConnectionOptions } from './connection.ts';
import { takingTurns } from './turns.ts';

export type SharedClusterOptions = Omit<ClusterOptions, 'signal'> & ConnectionOptions;

export class SharedCluster {
  readonly #options: SharedClusterOptions;
  readonly #closed = new AbortController();
  #opening: Promise<Connection> | undefined;

  constructor(options: SharedClusterOptions) {
    this.#options = options;
  }

  /**
   * The one connection. After a failure the next call searches again. `signal` ends the wait, not the search that
   * others wait for as well.
   * @throws {ExpectedError} 69 when there is no way to a cluster
   */
  async connection(signal: AbortSignal): Promise<Connection> {
    this.#opening ??= this.#open();
    return unlessAborted(this.#opening, signal);
  }

  /** Ends the search and every request; the handle is of no use afterwards. */
  close(): void {
    this.#closed.abort();
    this.#opening?.then(
      (connection) => {
        connection.close();
      },
      () => undefined,
    );
  }

  async #open(): Promise<Connection> {
    const { signal } = this.#closed;
    try {
      const cluster = await loadCluster({ ...this.#options, signal });
      return takingTurns(connect(cluster, this.#options));
    } catch (thrown) {
      this.#opening = undefined;
      throw thrown;
    }
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const giveUp = () => {
    reject(new LockFault('unreachable', 'the request was given up before there was a connection'));
  };
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
