/**
 * The HTTP server of probes and metrics. Whatever its clients do, probes are answered, and renewals come first:
 *
 * - a connection has one request, of a few kilobytes and without a body, and a few seconds for all of it. What comes
 *   after the request is not even read, so no turn of the event loop has more to do than a glance at each connection.
 *   That is why this is not node:http, which takes thousands of requests out of one packet before anything else.
 * - each request is answered in the turn in which it has come in. Nothing queues, so nobody waits behind others but in
 *   the kernel, which hands out connections in the order in which they came.
 * - a connection costs little, no timer and no promise of its own: a flood of them has to be taken from the kernel as
 *   fast as it comes, or probes are lost before they reach us.
 * - of many connections the oldest makes way.
 * - nothing here keeps the process alive.
 */
import type { Clock } from '../election/clock.ts';
import { ExpectedError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';
import { listen } from '../platform/listener.ts';
import type { Listener, Wire } from '../platform/ports.ts';
import type { Page } from './endpoints.ts';

export interface ListenAddress {
  /** An IP address; empty for all of this machine. */
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

interface HttpServerOptions {
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
/** From its beginning to the end of a connection, and a second at most. */
const mostMs = 5_000;
const sweepMs = 1_000;

/** @throws {ExpectedError} 69 when it is not possible to listen there */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { address, clock, show } = options;
  const open = new Connections(clock);
  const listener = await listenAt(address, (wire) => {
    open.add(wire);
    wire.on('data', readHead(wire, show));
  });
  const { host, port } = listener;
  return {
    host: host.includes(':') ? `[${host}]` : host,
    port,
    close() {
      listener.close();
      open.close();
    },
  };
}

/** Those that are open, the oldest first. */
class Connections {
  readonly #since = new Map<Wire, number>();
  readonly #clock: Clock;
  #isSwept = false;
  #wake = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(wire: Wire): void {
    this.#since.set(wire, this.#clock.now());
    wire.on('close', () => {
      this.#since.delete(wire);
      if (this.#since.size === 0) this.#wake.abort();
    });
    if (this.#since.size > mostConnections) this.#since.keys().next().value?.destroy();
    if (!this.#isSwept) void this.#sweep();
  }

  close(): void {
    for (const wire of this.#since.keys()) wire.destroy();
  }

  /** Ends those whose time is over, as long as there are any. */
  async #sweep(): Promise<void> {
    this.#isSwept = true;
    while (this.#since.size > 0) {
      this.#wake = new AbortController();
      await this.#clock.sleep(sweepMs, this.#wake.signal);
      const latestMs = this.#clock.now() - mostMs;
      for (const [wire, sinceMs] of this.#since) {
        if (sinceMs > latestMs) break;
        wire.destroy();
      }
    }
    this.#isSwept = false;
  }
}

type Show = HttpServerOptions['show'];

/** Takes the request up to its empty line, and answers it. The rest stays with the kernel. */
function readHead(wire: Wire, show: Show): (chunk: Buffer) => void {
  let text = '';
  return function take(chunk) {
    const searched = Math.max(0, text.length - 3);
    text += chunk.toString('latin1', 0, mostBytes);
    const end = text.indexOf('\r\n\r\n', searched);
    if (end < 0 && text.length < mostBytes) return;
    wire.off('data', take);
    wire.pause();
    answer(wire, end < 0 ? '' : text.slice(0, end + 4), show);
  };
}

function answer(wire: Wire, head: string, show: Show): void {
  const [, method = '', path] = /^([A-Z]+) (\/[^\s?#]*)\S* HTTP\/1\.[01]\r\n/.exec(head) ?? [];
  const end = (page: Page) => {
    wire.write(rendered(page, method));
    wire.end();
  };
  if (path === undefined) {
    end(refusal(head === '' ? 431 : 400));
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    end(refusal(405));
    return;
  }
  try {
    const page = show(path);
    if (!(page instanceof Promise)) {
      end(page);
      return;
    }
    page.then(end, () => {
      end(refusal(500));
    });
  } catch {
    end(refusal(500));
  }
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

const reasons: Record<string, string> = {
  EADDRINUSE: 'something else listens there',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EACCES: 'a port below 1024 needs a privilege',
};

async function listenAt(address: ListenAddress, onWire: (wire: Wire) => void): Promise<Listener> {
  const { host, port } = address;
  try {
    return await listen(address, onWire);
  } catch (thrown) {
    const { code = 'unknown reason' } = thrown as NodeJS.ErrnoException;
    const place = host === '' ? `port ${String(port)}` : `${host} port ${String(port)}`;
    throw new ExpectedError(
      exitCode.unavailable,
      `cannot listen on ${place}: ${reasons[code] ?? code}`,
      { hint: 'choose another --listen' },
    );
  }
}
