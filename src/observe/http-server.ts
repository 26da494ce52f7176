/**
 * The HTTP server of probes and metrics. Whatever its clients do, renewals come first:
 *
 * - a connection has one request, of a few kilobytes and without a body, and a few seconds for all of it. What comes
 *   after the request is not even read, so no turn of the event loop has more to do than a glance at each connection.
 *   That is why this is not node:http, which takes thousands of requests out of one packet before anything else.
 * - of many connections the oldest makes way, so that a probe gets in whoever else holds on.
 * - of many requests for one page only some are answered in a moment, the others wait: see {@link pace}.
 * - nothing here keeps the process alive.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
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

const mostConnections = 512;
const mostBytes = 8_192;
/** From the first byte to the end of a connection. */
const mostMs = 5_000;
/** 500 answers a second cost some percent of a processor. */
const answersAWindow = 10;
const windowMs = 20;

/** @throws {UsageError} when it is not possible to listen there */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { address, clock, show } = options;
  const turn = pace(clock);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const [oldest] = sockets;
    if (sockets.size > mostConnections) oldest?.destroy();
    const answer = async (path: string) => {
      await turn(path);
      return show(path);
    };
    void converse(socket, clock, answer);
  });
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
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** One request, and its answer. */
async function converse(
  socket: Socket,
  clock: Clock,
  show: (path: string) => Promise<Page>,
): Promise<void> {
  const closed = new AbortController();
  socket.unref();
  socket.on('error', () => undefined);
  socket.once('close', () => {
    closed.abort();
  });
  void clock.sleep(mostMs, closed.signal).then(() => socket.destroy());
  const head = await headFrom(socket);
  const [, method = '', path] = /^([A-Z]+) (\/[^\s?#]*)\S* HTTP\/1\.[01]\r\n/.exec(head) ?? [];
  const isAsked = method === 'GET' || method === 'HEAD';
  let page = refusal(path === undefined ? (head === '' ? 431 : 400) : 405);
  if (path !== undefined && isAsked) page = await show(path).catch(() => refusal(500));
  socket.end(rendered(page, method));
}

/** Up to the empty line; nothing when that does not come soon. The rest stays with the kernel. */
function headFrom(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const take = (chunk: Buffer) => {
      const searched = Math.max(0, text.length - 3);
      text += chunk.toString('latin1', 0, mostBytes);
      const end = text.indexOf('\r\n\r\n', searched);
      if (end < 0 && text.length < mostBytes) return;
      socket.off('data', take);
      socket.pause();
      resolve(end < 0 ? '' : text.slice(0, end + 4));
    };
    socket.on('data', take);
  });
}

const words: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

function refusal(status: number): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${words[status] ?? ''}\n` };
}

function rendered({ status, type, body }: Page, method: string): string {
  const head = [
    `HTTP/1.1 ${String(status)} ${words[status] ?? ''}`,
    `Content-Type: ${type}`,
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    ...(status === 405 ? ['Allow: GET, HEAD'] : []),
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : body}`;
}

/** Resolves at once for the first few of a page in a window of time, for the others in a later one. */
function pace(clock: Clock): (path: string) => Promise<void> {
  let endsAtMs = -Infinity;
  const taken = new Map<string, number>();
  return async (path) => {
    for (;;) {
      const nowMs = clock.now();
      if (nowMs >= endsAtMs) {
        endsAtMs = nowMs + windowMs;
        taken.clear();
      }
      const before = taken.get(path) ?? 0;
      taken.set(path, before + 1);
      if (before < answersAWindow) return;
      await clock.sleep(endsAtMs - nowMs);
    }
  };
}

const reasons: Record<string, string> = {
  EADDRINUSE: 'something else listens there',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EACCES: 'a port below 1024 takes a privilege',
};

async function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
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
