import { createAgent, retireAgent, send } from '../platform/network.ts';
import type { Agent, Incoming } from '../platform/network-port.ts';
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
  readonly agent: Agent;
  readonly userAgent: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What the server said, whatever that means. */
export interface Answer {
  readonly status: number;
  readonly headers: Incoming['headers'];
  /** The parsed JSON; undefined when it was none. */
  readonly body: unknown;
}

/** One request and its answer. Whatever ends it early also ends the connection it was on. @throws what Node throws */
export async function exchange(options: Exchange): Promise<Answer> {
  return readAnswer(await begin(options));
}

/** One request and the headers of its answer. */
export async function begin(options: Exchange): Promise<Incoming> {
  const { server, access, agent, timeoutMs, signal } = options;
  const { method, path, body } = options.call;
  return send({
    server,
    tls: access.tls,
    agent,
    method,
    path: server.pathname.replace(/\/$/, '') + path,
    headers: {
      ...access.headers,
      Accept: 'application/json',
      'User-Agent': options.userAgent,
      ...(body === undefined ? {} : { 'Content-Type': contentTypeOf(method) }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    timeoutMs,
    signal,
  });
}

function contentTypeOf(method: Call['method']): string {
  return method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
}

/** The rest of an answer that has begun. */
export async function readAnswer(answer: Incoming): Promise<Answer> {
  const { status, headers } = answer;
  return { status, headers, body: parseJson(await readText(answer)) };
}

async function readText({ body, destroy }: Incoming): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBodyBytes) {
      // Leaving the loop does not end a connection of which this was the last piece, from Node 26 on.
      destroy();
      throw new Error(`the answer is longer than ${String(maxBodyBytes)} bytes`);
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** TCP keep-alive begins sooner than NAT gateways and load balancers forget a silent connection. */
export const keepAliveMs = 15_000;

/** A pool of one kept-alive connection to the cluster's server. */
export async function agentFor({ server, proxyAgent }: Cluster): Promise<Agent> {
  return createAgent(server, keepAliveMs, await proxyAgent?.());
}

/** For one request, over a connection that nobody else uses, before or after. */
export async function createSingleUseAgent(cluster: Cluster): Promise<Agent> {
  const agent = await agentFor(cluster);
  retireAgent(agent);
  return agent;
}
