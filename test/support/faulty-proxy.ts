/**
 * A TCP proxy on loopback that fails the way networks fail, and heals. It understands no protocol;
 * what it does to one connection is in `proxied-connection.ts`.
 *
 *   pass             everything moves at once
 *   swallow          nothing moves, either way; even new connections get nowhere: a partition
 *   swallow-answers  the server hears everything, the client nothing: a write succeeds unanswered
 *   { delayMs }      everything moves this much later, each way; only being accepted is not delayed
 *   { bytesPerSecond }  everything trickles, each way
 *   reset            every connection, old or new, gets an RST
 *   refuse           nobody listens; old connections get an RST
 */
import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.ts';
import { proxyConnection, type Direction, type ProxiedConnection } from './proxied-connection.ts';

/** How the proxy treats traffic from now on. */
export type Fault =
  | 'pass'
  | 'swallow'
  | 'swallow-answers'
  | 'reset'
  | 'refuse'
  | { readonly delayMs: number }
  | { readonly bytesPerSecond: number };

/** A running proxy. */
export interface FaultyProxy {
  readonly port: number;
  /** `https://127.0.0.1:<port>`, for a kubeconfig. */
  readonly url: string;
  readonly fault: Fault;
  /** Connections accepted since the start, whatever became of them. */
  readonly connections: number;
  /** Those of them that are open. */
  readonly openConnections: number;
  /** Changes the fault; resolves once it is in force, for old and new connections. */
  set(fault: Fault): Promise<void>;
  /**
   * Back to `pass`. What was swallowed is delivered late and in order, as TCP does after a
   * partition; a write takes effect even if its client has given up meanwhile. With `drop` it is
   * lost for good and every connection open now stays silent for ever, as when a firewall has
   * forgotten it; only new ones work.
   */
  heal(swallowed?: 'deliver' | 'drop'): Promise<void>;
  /** Resets every connection and stops listening. Safe to call twice. */
  close(): Promise<void>;
}

/** Of proxies that are not closed; nobody listens there while they refuse. */
const ports = new Set<number>();

/** Starts a proxy that passes everything on to a port of 127.0.0.1. */
export async function startProxy(targetPort: number): Promise<FaultyProxy> {
  let port: number;
  do port = await freePort();
  while (ports.has(port));
  ports.add(port);
  const open = new Set<ProxiedConnection>();
  let fault: Fault = 'pass';
  let connections = 0;

  const accept = (client: Socket): void => {
    connections++;
    const connection = proxyConnection(client, targetPort, {
      holdMs: (direction) => holdMs(fault, direction),
      bytesPerSecond: () => bytesPerSecond(fault),
      onClosed: () => open.delete(connection),
    });
    open.add(connection);
    if (breaks(fault)) connection.reset();
  };
  // The end of one direction waits its turn behind the bytes before it, so the other must not end
  // by itself.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);

  const set = async (next: Fault): Promise<void> => {
    fault = next;
    for (const connection of [...open]) {
      if (breaks(fault)) connection.reset();
      else connection.move();
    }
    if (fault === 'refuse') await stopListening(server);
    else await startListening(server, port);
  };
  await startListening(server, port);

  return {
    port,
    url: `https://127.0.0.1:${port}`,
    get fault() {
      return fault;
    },
    get connections() {
      return connections;
    },
    get openConnections() {
      return open.size;
    },
    set,
    async heal(swallowed = 'deliver') {
      if (swallowed === 'drop') for (const connection of open) connection.forget();
      await set('pass');
    },
    async close() {
      await set('refuse');
      ports.delete(port);
    },
  };
}

function holdMs(fault: Fault, direction: Direction): number {
  if (typeof fault === 'object') return 'delayMs' in fault ? fault.delayMs : 0;
  if (fault === 'swallow') return Infinity;
  return fault === 'swallow-answers' && direction === 'to-client' ? Infinity : 0;
}

function bytesPerSecond(fault: Fault): number {
  return typeof fault === 'object' && 'bytesPerSecond' in fault ? fault.bytesPerSecond : Infinity;
}

function breaks(fault: Fault): boolean {
  return fault === 'reset' || fault === 'refuse';
}

async function startListening(server: Server, port: number): Promise<void> {
  if (server.listening) return;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise((resolve) => server.close(resolve));
}
