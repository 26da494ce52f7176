/**
 * Stands in front of the API server, in plain HTTP towards the client: keeps what was said, and holds
 * single requests or answers back. Asks for strict validation: the server then refuses fields that it
 * would otherwise ignore, or only warn about.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { AddressInfo } from 'node:net';
import type { ControlPlane } from '../../support/control-plane.ts';

export interface Exchange {
  /** `WATCH` for a watch. */
  readonly method: string;
  readonly status: number;
  /** The server's warnings, if it had any. */
  readonly warning: string | undefined;
}

export interface RecorderOptions {
  readonly controlPlane: ControlPlane;
  /** In whose name everything is passed on; the client sends no credentials over plain HTTP. */
  readonly token: string;
  /** Holds a request back until it resolves. */
  readonly beforeAsking?: (method: string, path: string) => Promise<unknown> | undefined;
  /** Holds an answer back until it resolves. */
  readonly beforeAnswering?: (method: string) => Promise<unknown> | undefined;
}

export interface Recorder {
  /** For a kubeconfig. */
  readonly url: string;
  /** In the order in which the server has answered. */
  readonly exchanges: readonly Exchange[];
  close(): Promise<void>;
}

export async function startRecorder(options: RecorderOptions): Promise<Recorder> {
  const { controlPlane, token, beforeAsking, beforeAnswering } = options;
  const ca = await readFile(controlPlane.caFile, 'utf8');
  const exchanges: Exchange[] = [];

  const ask = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', headers } = incoming;
    const target = new URL(incoming.url ?? '', controlPlane.url);
    if (method !== 'GET') target.searchParams.set('fieldValidation', 'Strict');
    const isWatch = target.searchParams.has('watch');
    const verb = isWatch ? 'WATCH' : method;
    const body = await text(incoming);
    await beforeAsking?.(verb, target.pathname);
    const outgoing = httpsRequest(target, {
      method,
      ca,
      headers: { ...headers, host: target.host, authorization: `Bearer ${token}` },
    });
    outgoing.end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const status = answer.statusCode ?? 0;
    exchanges.push({ method: verb, status, warning: answer.headers.warning });
    const answered = isWatch ? undefined : await text(answer);
    await beforeAnswering?.(verb);
    response.writeHead(status, { 'content-type': 'application/json' });
    if (answered === undefined) await pipeline(answer, response);
    else response.end(answered);
  };

  const server = createServer((incoming, response) => {
    // A watch ends when its client goes away.
    ask(incoming, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
