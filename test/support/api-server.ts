/**
 * An API server in this process: the endpoints of Leases, or of another kind, on 127.0.0.1, answering as the real one
 * does, and going wrong on demand. Everybody may do everything unless a test says otherwise.
 */
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import { fileURLToPath } from 'node:url';
import {
  LeaseStore,
  status,
  type Answer,
  type LeaseEvent,
  type LeaseRequest,
  type Resource,
} from '../kube/lease-store.ts';

/** What happens to one request instead of an ordinary answer. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body: string }
  /** Nothing, for ever. */
  | 'hang'
  /** An RST before anything is done. */
  | 'reset'
  /** Does what was asked for and closes the connection without a word. */
  | 'drop-answer'
  /** The headers, then a byte now and then, for ever. */
  | 'drip'
  /** An ordinary answer, but not before this is settled. */
  | Promise<unknown>
  /** Whatever this makes of it. */
  | ((response: http.ServerResponse) => void);

export interface Received extends LeaseRequest {
  readonly headers: http.IncomingHttpHeaders;
  /** Common name of the client certificate. */
  readonly certificate: string | undefined;
}

export interface ApiServerOptions {
  /** `expired`: by the right CA, but expired. `none`: plain HTTP. */
  readonly certificate?: 'server' | 'expired' | 'none';
  /** Default: leases. */
  readonly resource?: Resource;
}

export interface ApiServer {
  readonly url: string;
  /** Connections since the start, not counting failed TLS handshakes. */
  readonly connections: number;
  /** Those still open. */
  readonly openConnections: number;
  readonly requests: readonly Received[];
  readonly leases: LeaseStore;
  /** Whoever is not admitted gets 401. */
  admits: (request: Received) => boolean;
  /** Verbs that get 403. */
  readonly forbidden: Set<string>;
  /** The next requests meet these, one each. */
  fail(...faults: readonly Fault[]): void;
  /** An RST on every connection. */
  reset(): void;
  /** Resolves once this many requests have come in since the start. */
  received(count: number): Promise<void>;
  /** Resolves once this many connections are open. */
  open(count: number): Promise<void>;
  close(): Promise<void>;
}

/** The path of a certificate or key of the in-process server. */
export function tlsFile(name: string): string {
  return fileURLToPath(new URL(`tls/${name}`, import.meta.url));
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const { certificate = 'server', resource = 'leases' } = options;
  const leases = new LeaseStore(resource);
  const requests: Received[] = [];
  const faults: Fault[] = [];
  const sockets = new Set<Socket>();
  const changed = new EventTarget();
  let connections = 0;

  const until = async (isReached: () => boolean): Promise<void> => {
    while (!isReached())
      await new Promise((resolve) => {
        changed.addEventListener('change', resolve, { once: true });
      });
  };
  const tell = () => void changed.dispatchEvent(new Event('change'));

  const listener = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const received = await receive(request);
    requests.push(received);
    tell();
    const fault = faults.shift();
    switch (fault) {
      case undefined:
        serve(received, response);
        return;
      case 'hang':
        return;
      case 'drip':
        drip(response);
        return;
      case 'drop-answer':
        decide(received);
        request.socket.destroy();
        return;
      case 'reset':
        for (const socket of sockets)
          if (socket.remotePort === request.socket.remotePort) socket.resetAndDestroy();
        return;
    }
    if (typeof fault === 'function') {
      fault(response);
    } else if (fault instanceof Promise) {
      await fault;
      serve(received, response);
    } else {
      response.writeHead(fault.status, fault.headers).end(fault.body);
    }
  };
  const serve = (received: Received, response: http.ServerResponse): void => {
    const refused = refusal(received);
    const show = (event: LeaseEvent) => void response.write(`${JSON.stringify(event)}\n`);
    if (!refused && isWatch(received)) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
      const leave = leases.watch(received.path, show);
      response.on('close', () => leave?.());
    } else {
      const [status, body] = refused ?? leases.answer(received);
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    }
  };
  const decide = (received: Received): Answer => refusal(received) ?? leases.answer(received);
  const refusal = (received: Received): Answer | undefined => {
    if (!server.admits(received)) return status(401, 'Unauthorized', 'Unauthorized');
    const verb = isWatch(received) ? 'watch' : (verbs[received.method] ?? 'unknown');
    if (!server.forbidden.has(verb)) return undefined;
    return status(403, 'Forbidden', `User "tester" cannot ${verb} resource "${resource}"`);
  };

  const listening =
    certificate === 'none'
      ? http.createServer((...args) => void listener(...args))
      : https.createServer(tlsOptions(certificate), (...args) => void listener(...args));
  listening.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      tell();
    });
    tell();
  });
  listening.on(certificate === 'none' ? 'connection' : 'secureConnection', () => ++connections);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;

  const server: ApiServer = {
    url: `${certificate === 'none' ? 'http' : 'https'}://127.0.0.1:${String(port)}`,
    get connections() {
      return connections;
    },
    get openConnections() {
      return sockets.size;
    },
    requests,
    leases,
    admits: () => true,
    forbidden: new Set(),
    fail: (...more) => void faults.push(...more),
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    received: (count) => until(() => requests.length >= count),
    open: (count) => until(() => sockets.size === count),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listening.close(resolve));
    },
  };
  return server;
}

function isWatch({ method, path }: Received): boolean {
  return method === 'GET' && path.includes('?watch=1');
}

const verbs: Record<string, string> = { GET: 'get', POST: 'create', PUT: 'update' };

async function receive(request: http.IncomingMessage): Promise<Received> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  const { method = '', url = '', headers, socket } = request;
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  // Node 22 calls a session authorized that was taken up again, and has no certificate of it.
  const { subject }: Partial<PeerCertificate> =
    socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : {};
  const certificate = subject?.CN ?? '';
  return {
    method,
    path: url,
    headers,
    body,
    certificate: certificate ? String(certificate) : undefined,
  };
}

function drip(response: http.ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 5);
  response.on('close', () => {
    clearInterval(timer);
  });
}

function tlsOptions(certificate: string): https.ServerOptions {
  const read = (name: string) => readFileSync(tlsFile(name));
  return {
    cert: read(`${certificate}.crt`),
    key: read(`${certificate}.key`),
    ca: read('ca.crt'),
    requestCert: true,
    rejectUnauthorized: false,
  };
}
