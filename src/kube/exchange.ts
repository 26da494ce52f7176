import * as http from 'node:http';
import * as https from 'node:https';
import type { Access, Cluster } from './cluster.ts';
import { parseJson } from './json.ts';

/** A Lease has a few kilobytes; nothing that the API server says to us comes near this. */
export const maxBodyBytes = 4 * 2 ** 20;

/** What a request to the API server asks for. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Below the path of the server's URL; begins with a slash, its variable parts are escaped. */
  readonly path: string;
  /** Sent as JSON; in a PATCH as a JSON merge patch. */
  readonly body?: unknown;
}

/** A call, ready to be sent. */
export interface Exchange {
  readonly call: Call;
  readonly server: URL;
  readonly access: Access;
  readonly agent: http.Agent;
  readonly userAgent: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What the server said, whatever that means. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The parsed JSON; undefined when it was none. */
  readonly body: unknown;
}

/** One request and its answer. Whatever ends it early also ends the connection it was on. @throws what Node throws */
export async function exchange(options: Exchange): Promise<Answer> {
  return readAnswer(await begin(options));
}

/** One request and the headers of its answer. */
export async function begin(options: Exchange): Promise<http.IncomingMessage> {
  const { server, access, signal } = options;
  const { method, path, body } = options.call;
  // Node would connect first, and what cannot be sent would leave that connection behind.
  signal.throwIfAborted();
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const open = server.protocol === 'http:' ? http.request : https.request;
  const request = open({
    ...access.tls,
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: it is there for CMD.
    rejectUnauthorized: access.tls.rejectUnauthorized !== false,
    agent: options.agent,
    // URL has IPv6 addresses in brackets, sockets want them without.
    hostname: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port,
    method,
    path: server.pathname.replace(/\/$/, '') + path,
    headers: {
      ...access.headers,
      Accept: 'application/json',
      'User-Agent': options.userAgent,
      ...(sent === undefined ? {} : { 'Content-Type': contentTypeOf(method) }),
    },
    // Not for us, `signal` does that: it ends a proxy's handshake, which the request has no hold of.
    timeout: options.timeoutMs,
  });

  // Not by the option of that name: that gives the socket an error, which nobody hears if the answer is just ending.
  signal.addEventListener('abort', () => request.destroy());
  return new Promise<http.IncomingMessage>((resolve, reject) => {
    // Stays, for errors after the answer has begun: those reach the reader of the body.
    request.on('error', reject).on('response', resolve);
    request.end(sent);
  });
}

function contentTypeOf(method: Call['method']): string {
  return method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
}

/** The rest of an answer that has begun. */
export async function readAnswer(response: http.IncomingMessage): Promise<Answer> {
  const text = await readText(response);
  return { status: response.statusCode ?? 0, headers: response.headers, body: parseJson(text) };
}

async function readText(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBodyBytes) {
      // Leaving the loop does not end a connection of which this was the last piece, from Node 26 on.
      response.socket.destroy();
      throw new Error(`the answer is longer than ${String(maxBodyBytes)} bytes`);
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** TCP keep-alive begins sooner than NAT gateways and load balancers forget a silent connection. */
export const keepAliveMs = 15_000;

const pool = {
  keepAlive: true,
  keepAliveMsecs: keepAliveMs,
  /** The second connection of two requests at once is not kept. */
  maxFreeSockets: 1,
};

/** A pool of one kept-alive connection to the cluster's server. */
export async function createAgent({ server, proxyAgent }: Cluster): Promise<http.Agent> {
  if (proxyAgent) return Object.assign(await proxyAgent(), pool);
  return server.protocol === 'http:' ? new http.Agent(pool) : new https.Agent(pool);
}

/** For one request, over a connection that nobody else uses, before or after. */
export async function createSingleUseAgent(cluster: Cluster): Promise<http.Agent> {
  const agent = await createAgent(cluster);
  retireAgent(agent);
  return agent;
}

/** Requests on the agent may finish; nothing is kept any more. */
export function retireAgent(agent: http.Agent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
}
