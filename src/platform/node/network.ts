import { X509Certificate } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import { createSecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { Agent, Incoming, Network } from '../network-port.ts';

export const send: Network['send'] = async ({ server, signal, body, tls, ...call }) => {
  // Node would connect first, and what cannot be sent would leave that connection behind.
  signal.throwIfAborted();
  const open = server.protocol === 'http:' ? http.request : https.request;
  const request = open({
    ...tls,
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: it is there for CMD.
    rejectUnauthorized: tls.rejectUnauthorized !== false,
    agent: nodes(call.agent),
    // URL has IPv6 addresses in brackets, sockets want them without.
    hostname: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port,
    method: call.method,
    path: call.path,
    headers: { ...call.headers },
    // Not for us, `signal` does that: it ends a proxy's handshake, which the request has no hold of.
    timeout: call.timeoutMs,
  });

  // Not by the option of that name: that gives the socket an error, which nobody hears if the answer is just ending.
  signal.addEventListener('abort', () => request.destroy());
  return new Promise<Incoming>((resolve, reject) => {
    // Stays, for errors after the answer has begun: those reach the reader of the body.
    request.on('error', reject).on('response', (response) => {
      resolve(incoming(response));
    });
    request.end(body);
  });
};

function incoming(response: http.IncomingMessage): Incoming {
  const { socket } = response;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: response,
    withoutEnd(probeMs) {
      // The time is over that was for a proxy's handshake. A socket inside a tunnel takes the agent's word for being
      // probed already, though nobody has seen to it.
      socket.setTimeout(0).setKeepAlive(false).setKeepAlive(true, probeMs);
    },
    onClose: (listener) => response.once('close', listener),
    destroy: () => socket.destroy(),
  };
}

export const createAgent: Network['createAgent'] = (server, probeMs, proxied) => {
  const pool = {
    keepAlive: true,
    keepAliveMsecs: probeMs,
    /** The second connection of two requests at once is not kept. */
    maxFreeSockets: 1,
  };
  if (proxied) return Object.assign(proxied, pool);
  return server.protocol === 'http:' ? new http.Agent(pool) : new https.Agent(pool);
};

export const retireAgent: Network['retireAgent'] = (agent) => {
  const pool = nodes(agent);
  pool.maxFreeSockets = 0;
  for (const sockets of Object.values(pool.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
};

function nodes(agent: Agent): http.Agent {
  if (agent instanceof http.Agent) return agent;
  throw new TypeError('this is no agent of Node');
}

export const isSameTls: Network['isSameTls'] = isDeepStrictEqual;

export const checkTls: Network['checkTls'] = (tls) => {
  createSecureContext(tls);
  if (tls.ca) new X509Certificate(tls.ca as Buffer);
};

export const checkHeader: Network['checkHeader'] = http.validateHeaderValue;
