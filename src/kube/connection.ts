import { isSameTls, retireAgent } from '../platform/network.ts';
import type { Agent } from '../platform/network-port.ts';
import { withinBound, type Work } from './bound.ts';
import type { Access, Cluster } from './cluster.ts';
import { agentFor, createSingleUseAgent, exchange, type Answer, type Call } from './exchange.ts';
import { networkFault } from './network-fault.ts';
import { redacting } from './redaction.ts';
import { openStream, type Stream } from './stream.ts';

/** How to talk to a cluster. */
export interface ConnectionOptions {
  /** From the call to the last byte of the answer, with everything in between; of a stream, to its headers. */
  readonly requestTimeoutMs: number;
  readonly userAgent: string;
}

/** One request to the API server. */
export interface Request extends Call {
  /** Gives up at once. The server may or may not have done what it was asked to do. */
  readonly signal: AbortSignal;
  /** Over a new connection, as everything after it; what is under way on the old one may finish. */
  readonly fresh?: boolean | undefined;
}

/** One kept-alive connection to one API server; more exist only while several requests or streams are under way. */
export interface Connection {
  readonly cluster: Cluster;
  /**
   * The server's answer, whatever its status. After a 401 the credentials are read anew and the request is sent once
   * more. A request that ends early takes its connection with it.
   * @throws {LockFault} `unreachable` when there is no answer within the bound
   */
  request(request: Request): Promise<Answer>;
  /**
   * The same over a connection of its own, up to the headers: after a 200 the lines of the body follow as they come.
   * @throws {LockFault} `unreachable` when there are no headers within the bound, and while iterating
   */
  stream(request: Omit<Request, 'fresh'>): Promise<Answer | Stream>;
  /** Ends everything that is under way; nothing is left that keeps the process alive. */
  close(): void;
}

/** Prepares a connection; nothing is sent before the first request. */
export function connect(given: Cluster, options: ConnectionOptions): Connection {
  const cluster = redacting(given);
  const { requestTimeoutMs: timeoutMs, userAgent } = options;
  const closed = new AbortController();
  let agent: Promise<Agent> | undefined;
  let tls: Access['tls'] | undefined;
  let reloading: Promise<Access> | undefined;
  let reloads = 0;

  const renewAgent = (): void => {
    void agent?.then(retireAgent, neverMade);
    agent = undefined;
  };

  const reload = async (): Promise<Access> => {
    const access = await cluster.access('reload', closed.signal);
    reloads++;
    return access;
  };

  const pooledAgent = (access: Access): Promise<Agent> => {
    // A connection stands for the certificates it was opened with.
    if (!isSameTls(access.tls, tls)) renewAgent();
    tls = access.tls;
    return (agent ??= agentFor(cluster));
  };

  const againAfter401 = async <A extends { readonly status: number }>(
    send: (access: Access) => Promise<A>,
  ): Promise<A> => {
    const reloadsBefore = reloads;
    const answer = await send(await cluster.access('cached', closed.signal));
    if (answer.status !== 401) return answer;
    // Once for all the requests that the same credentials have failed.
    if (reloads === reloadsBefore) reloading ??= reload().finally(() => (reloading = undefined));
    return send(await (reloading ?? cluster.access('cached', closed.signal)));
  };

  const bounded: <A>(signal: AbortSignal, work: Work<A>) => Promise<A> = async (signal, work) => {
    const peer = `the API server ${cluster.server.host}`;
    try {
      return await withinBound({ peer, timeoutMs, signal, closing: closed.signal }, work);
    } catch (error) {
      throw networkFault(error, cluster);
    }
  };

  const { server } = cluster;
  return {
    cluster,
    request: (call) =>
      bounded(call.signal, (signal) => {
        if (call.fresh) renewAgent();
        return againAfter401(async (access) => {
          const on = await pooledAgent(access);
          return exchange({ call, server, access, agent: on, userAgent, timeoutMs, signal });
        });
      }),
    stream: (call) =>
      bounded(call.signal, (signal, outlive) =>
        againAfter401(async (access) => {
          const on = await createSingleUseAgent(cluster);
          const start = { call, server, access, agent: on, userAgent, timeoutMs, signal };
          return openStream(start, outlive);
        }),
      ),
    close() {
      closed.abort();
      void agent?.then((last) => {
        last.destroy();
      }, neverMade);
    },
  };
}

/** The request that needed the agent has told why there is none. */
function neverMade(): void {
  // Nothing is left to do.
}
