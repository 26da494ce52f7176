import type { Agent } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { createAgent, retireAgent } from './agent.ts';
import { withinBound } from './bound.ts';
import type { Access, Cluster } from './cluster.ts';
import { exchange, type Answer, type Call } from './exchange.ts';
import { networkFault } from './network-fault.ts';

/** How to talk to a cluster. */
export interface ConnectionOptions {
  /** From the call to the last byte of the answer, with everything in between. */
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

/** One kept-alive connection to one API server; more exist only while several requests are under way. */
export interface Connection {
  readonly cluster: Cluster;
  /**
   * The server's answer, whatever its status. After a 401 the credentials are read anew and the request is sent once
   * more. A request that ends early takes its connection with it.
   * @throws {LockFault} `unreachable` when there is no answer within the bound
   */
  request(request: Request): Promise<Answer>;
  /** Ends everything that is under way; nothing is left that keeps the process alive. */
  close(): void;
}

/** Prepares a connection; nothing is sent before the first request. */
export function connect(cluster: Cluster, options: ConnectionOptions): Connection {
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

  const send = async (call: Call, access: Access, signal: AbortSignal): Promise<Answer> => {
    // A connection stands for the certificates it was opened with.
    if (!isDeepStrictEqual(access.tls, tls)) renewAgent();
    tls = access.tls;
    agent ??= createAgent(cluster);
    const { server } = cluster;
    return exchange({ call, server, access, agent: await agent, userAgent, timeoutMs, signal });
  };

  const sendAgainAfter401 = async (call: Request, signal: AbortSignal): Promise<Answer> => {
    if (call.fresh) renewAgent();
    const reloadsBefore = reloads;
    const answer = await send(call, await cluster.access('cached', closed.signal), signal);
    if (answer.status !== 401) return answer;
    // Once for all the requests that the same credentials have failed.
    if (reloads === reloadsBefore) reloading ??= reload().finally(() => (reloading = undefined));
    return send(call, await (reloading ?? cluster.access('cached', closed.signal)), signal);
  };

  return {
    cluster,
    async request(call) {
      const peer = `the API server ${cluster.server.host}`;
      const bound = { peer, timeoutMs, signal: call.signal, closing: closed.signal };
      try {
        return await withinBound(bound, (signal) => sendAgainAfter401(call, signal));
      } catch (error) {
        throw networkFault(error, cluster);
      }
    },
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
