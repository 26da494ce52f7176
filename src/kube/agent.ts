import * as http from 'node:http';
import * as https from 'node:https';
import type { Cluster } from './cluster.ts';

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
