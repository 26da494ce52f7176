/** The way to a cluster for any number of locks: it is found when the first of them needs it, once for all. */
import { LockFault } from '../election/lock.ts';
import { loadCluster, type ClusterOptions } from '../kube/config.ts';
import { connect, type Connection, type ConnectionOptions } from '../kube/connection.ts';
import { pause } from '../platform/timers.ts';

type SharedClusterOptions = Omit<ClusterOptions, 'signal'> & ConnectionOptions;

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

/** More than a healthy answer takes, and negligible beside a lease. */
const briefMs = 25;

/**
 * The same connection for several who keep locks there. Electors that began together renew together, and requests at
 * once would need a connection each, with a handshake for every renewal; so a request lets the one before it go
 * first. Only for a moment: nobody waits for an answer that does not come to somebody else.
 */
export function takingTurns(connection: Connection, patienceMs = briefMs): Connection {
  let latest: Promise<unknown> | undefined;
  return {
    ...connection,
    async request(call) {
      // What is to go over a fresh connection has waited enough.
      if (call.fresh) return connection.request(call);
      const turn = afterThe(latest, call.signal, patienceMs).then(() => connection.request(call));
      const settled = turn.then(nothing, nothing);
      latest = settled;
      void settled.then(() => {
        if (latest === settled) latest = undefined;
      });
      return turn;
    },
  };
}

async function afterThe(
  previous: Promise<unknown> | undefined,
  signal: AbortSignal,
  patienceMs: number,
): Promise<void> {
  if (!previous) return;
  const over = new AbortController();
  const stop = () => {
    over.abort();
  };
  signal.addEventListener('abort', stop);
  await Promise.race([previous, pause(patienceMs, { signal: over.signal }).catch(nothing)]);
  signal.removeEventListener('abort', stop);
  over.abort();
}

const nothing = (): undefined => undefined;
