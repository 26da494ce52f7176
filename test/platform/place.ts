/** Makes the place of a claim, on Node. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { tlsFile } from '../support/api-server.ts';
import type { Place } from './claim.ts';

const read = (name: string) => readFileSync(tlsFile(name), 'utf8');

export interface MadePlace extends Place {
  end(): Promise<void>;
}

export async function makePlace(): Promise<MadePlace> {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-platform-'));
  const tls = { cert: read('server.crt'), key: read('server.key'), ca: read('ca.crt') };
  const how = { ...tls, requestCert: true, rejectUnauthorized: false };
  // Whoever goes away before the answer has none.
  const serve: http.RequestListener = (...call) => void say(...call).catch(() => undefined);
  const secure = https.createServer(how, serve);
  const plain = http.createServer(serve);
  const [securePort, plainPort] = [await started(secure), await started(plain)];
  return {
    folder,
    server: `https://127.0.0.1:${String(securePort)}`,
    plain: `http://127.0.0.1:${String(plainPort)}`,
    ca: tls.ca,
    unrelatedCa: read('unrelated-ca.crt'),
    certificate: read('alice.crt'),
    key: read('alice.key'),
    async end() {
      rmSync(folder, { recursive: true });
      for (const server of [secure, plain]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

async function started(server: http.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const known = new WeakMap<object, number>();
let connections = 0;

/** Says what it was asked. */
async function say(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const { method, url: path, headers, socket } = request;
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  if (!known.has(socket)) known.set(socket, ++connections);
  const isShown = socket instanceof TLSSocket && socket.authorized;
  const { subject } = isShown ? socket.getPeerCertificate() : { subject: undefined };
  const seen = {
    ...{ method, path, headers, body: Buffer.concat(chunks).toString() },
    ...{ connection: known.get(socket), certificate: subject?.CN ?? '' },
  };
  response.writeHead(200, { 'X-Server': 'Mine' }).end(JSON.stringify(seen));
}
