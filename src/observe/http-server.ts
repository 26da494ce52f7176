/**
 * The HTTP server of probes and metrics. Whatever its clients do, renewals come first:
 *
 * - a connection has one request at a time, without a body; whoever sends more at once is cut off. So one turn of the
 *   event loop answers at most one request a connection.
 * - of many connections the oldest makes way, so that a probe gets in whoever else holds on.
 * - of many requests only some are answered in a moment, the others wait: see {@link pace}.
 * - headers are small and come soon, answers are read soon, or the connection ends.
 * - nothing here keeps the process alive.
 */
import * as http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../election/clock.ts';
import { UsageError } from '../errors.ts';
import type { Page } from './endpoints.ts';

export interface ListenAddress {
  /** An IP address; empty for all of this machine. */
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

export interface HttpServerOptions {
  readonly address: ListenAddress;
  readonly clock: Clock;
  /** What a path shows. */
  readonly show: (path: string) => Page | Promise<Page>;
}

export interface HttpServer {
  /** Where it listens: an IP address, in brackets if it has colons, and a port. */
  readonly host: string;
  readonly port: number;
  /** At once, whatever is under way. */
  close(): void;
}

const mostConnections = 128;
const mostHeaderBytes = 8_192;
const limits = {
  maxHeaderSize: mostHeaderBytes,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
/** Without a byte in or out. */
const silenceMs = 10_000;
/** A thousand answers a second cost some percent of a processor. */
const answersAWindow = 20;
const windowMs = 20;

/** @throws {UsageError} when it is not possible to listen there */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { address, show } = options;
  const turn = pace(options.clock);
  const busy = new WeakSet<Socket>();
  const server = http.createServer(limits, (request, response) => {
    const { socket } = request;
    if (busy.has(socket)) {
      socket.destroy();
      return;
    }
    busy.add(socket);
    response.once('finish', () => busy.delete(socket));
    void answer(request, response, () => turn().then(() => show(pathOf(request))));
  });
  server.setTimeout(silenceMs);
  limitConnections(server);
  await listen(server, address);
  // An accept that fails, for lack of descriptors, is the client's loss alone.
  server.on('error', () => undefined);
  server.unref();
  const { address: host, port } = server.address() as AddressInfo;
  return {
    host: host.includes(':') ? `[${host}]` : host,
    port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function limitConnections(server: http.Server): void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    socket.unref();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const [oldest] = sockets;
    if (sockets.size > mostConnections) oldest?.destroy();
  });
}

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  show: () => Promise<Page>,
): Promise<void> {
  const { method, headers, socket } = request;
  const refuse = (status: number): void => {
    response.writeHead(status, { Connection: 'close', Allow: 'GET, HEAD' });
    response.end(() => socket.destroy());
  };
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
  if (method !== 'GET' && method !== 'HEAD') refuse(405);
  else if (hasBody) refuse(413);
  else
    try {
      const { status, type, body } = await show();
      const length = Buffer.byteLength(body);
      const described = { 'Content-Type': type, 'Content-Length': length };
      response.writeHead(status, { ...described, 'Cache-Control': 'no-store' }).end(body);
    } catch {
      refuse(500);
    }
}

function pathOf({ url = '' }: http.IncomingMessage): string {
  return url.replace(/\?.*$/s, '');
}

/** Resolves at once for the first few in a window of time, for the others in a later one. */
function pace(clock: Clock): () => Promise<void> {
  let endsAtMs = -Infinity;
  let left = 0;
  return async () => {
    for (;;) {
      const nowMs = clock.now();
      if (nowMs >= endsAtMs) {
        endsAtMs = nowMs + windowMs;
        left = answersAWindow;
      }
      left -= 1;
      if (left >= 0) return;
      await clock.sleep(endsAtMs - nowMs);
    }
  };
}

const reasons: Record<string, string> = {
  EADDRINUSE: 'something else listens there',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EACCES: 'a port below 1024 takes a privilege',
};

async function listen(server: http.Server, { host, port }: ListenAddress): Promise<void> {
  const where = host === '' ? { port } : { host, port };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(where, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (thrown) {
    const { code = 'unknown reason' } = thrown as NodeJS.ErrnoException;
    const place = host === '' ? `port ${String(port)}` : `${host} port ${String(port)}`;
    throw new UsageError(
      `cannot listen on ${place}: ${reasons[code] ?? code}`,
      'choose another --listen',
    );
  }
}
