/** An answer that goes on: bounded up to its headers, unbounded after them, and gone whenever somebody has had enough. */
import { getEventListeners, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect } from 'vitest';
import { LockFault } from '../../src/election/lock.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import type { Connection } from '../../src/kube/connection.ts';
import { loadCluster } from '../../src/kube/config.ts';
import { startApiServer, tlsFile, type ApiServer } from '../support/api-server.ts';
import { startConnectProxy } from './connect-proxy.ts';
import { ca, clusterAt, connectTo, kubeconfig, patiently, test, token } from './fixtures.ts';

const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const path = `${leases}?watch=1&fieldSelector=metadata.name%3Done`;
const get = { method: 'GET', path: `${leases}/one`, signal: patiently() } as const;

/** A stream that the test writes itself. */
interface Opened {
  /** The server's side. */
  readonly response: ServerResponse;
  readonly lines: AsyncIterator<string>;
}

async function open(
  server: ApiServer,
  connection: Connection,
  signal: AbortSignal = patiently(),
): Promise<Opened> {
  const begun = Promise.withResolvers<ServerResponse>();
  server.fail((response) => {
    response.writeHead(200).flushHeaders();
    begun.resolve(response);
  });
  const answer = await connection.stream({ method: 'GET', path, signal });
  if (!('lines' in answer)) throw new Error(`no stream: ${answer.status}`);
  return { response: await begun.promise, lines: answer.lines[Symbol.asyncIterator]() };
}

/** Of the next lines, as many as are asked for. */
async function take(lines: AsyncIterator<string>, count: number): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) {
    const next = await lines.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}

async function faultOf(promise: Promise<unknown>): Promise<LockFault> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(LockFault);
  expect((thrown as LockFault).kind).toBe('unreachable');
  return thrown as LockFault;
}

/** Whether the connection of that local port has a timer for keep-alive probes running (proc(5), `st` and `tr`). */
async function isProbed(port: number | undefined): Promise<boolean> {
  const table = await readFile('/proc/net/tcp', 'utf8');
  const local = `0100007F:${(port ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  // A connection that is over may still have a row for the same port, with another peer.
  return rows.some(
    ([, address, , state, , timer]) =>
      address === local && state === '01' && timer?.startsWith('02:') === true,
  );
}

const ended = { done: true, value: undefined };
const turn = () => new Promise(setImmediate);

describe('lines', () => {
  test('come as they are sent, wherever their bytes are cut', async ({ server, connection }) => {
    const { response, lines } = await open(server, connection);
    const sent = ['{"name":"größe 🦊"}', '領導者', 'x'.repeat(100_000), 'three'];
    const next = take(lines, sent.length);
    response.socket?.setNoDelay();
    for (const byte of Buffer.from(`${sent[0]}\n${sent[1]}\r\n\n \n`)) {
      response.write(Buffer.of(byte));
      await turn();
    }
    response.write(`${sent[2]}\n${sent[3]}\n`);
    expect(await next).toEqual(sent);
  });

  test('end where the server ends them, a last one without its line feed included', async ({
    server,
    connection,
  }) => {
    const { response, lines } = await open(server, connection);
    response.end('one\ntwo');
    expect(await take(lines, 2)).toEqual(['one', 'two']);
    expect(await lines.next()).toEqual(ended);
    await server.open(0);
  });

  test('may be longer apart than a request may take', async ({ server }) => {
    const connection = connectTo(clusterAt(server.url), 3_000);
    const { response, lines } = await open(server, connection);
    const next = lines.next();
    // A request has begun meanwhile, and timed out.
    server.fail('hang');
    await faultOf(connection.request(get));
    response.write('late\n');
    expect(await next).toEqual({ done: false, value: 'late' });
    connection.close();
  });

  for (const [what, end] of [
    [
      'a reset',
      (server: ApiServer) => {
        server.reset();
      },
    ],
    ['an end without warning', (_: ApiServer, response: ServerResponse) => response.destroy()],
  ] as const) {
    test(`${what} in the middle of one is a fault`, async ({ server, connection }) => {
      const { response, lines } = await open(server, connection);
      response.write('one\n{"tw');
      expect(await take(lines, 1)).toEqual(['one']);
      end(server, response);
      const { message } = await faultOf(lines.next());
      expect(message).toMatch(/^cannot reach the API server \S+: the connection was reset$/);
      expect(await lines.next()).toEqual(ended);
    });

    test(`${what} while nobody takes any is a fault later`, async ({ server, connection }) => {
      const { response, lines } = await open(server, connection);
      end(server, response);
      await server.open(0);
      await turn();
      await faultOf(lines.next());
    });
  }

  test('of more than 4 MiB are cut off', async ({ server, connection }) => {
    const { response, lines } = await open(server, connection);
    response.on('error', () => undefined);
    response.write('x'.repeat(4 * 2 ** 20 + 1));
    expect((await faultOf(lines.next())).message).toContain('longer than 4194304 bytes');
    await server.open(0);
  });

  test('that nobody takes stay with the server', async ({ server, connection }) => {
    const { response, lines } = await open(server, connection);
    const line = `${'x'.repeat(2 ** 16)}\n`;
    // What the kernel and both ends keep is a few megabytes; then a write is never drained.
    let written = 0;
    const flood = (): void => {
      while (written < 1_000) if ((written++, !response.write(line))) return;
    };
    response.on('drain', flood);
    flood();
    for (let quiet = 0, before = 0; quiet < 50; before = written) {
      await turn();
      quiet = written === before ? quiet + 1 : 0;
    }
    expect(written).toBeLessThan(500);
    expect(await take(lines, 1_000)).toHaveLength(1_000);
  });
});

describe('the headers', () => {
  test('that do not come are a fault at the bound', async ({ server }) => {
    const connection = connectTo(clusterAt(server.url), 100);
    server.fail('hang');
    const fault = await faultOf(connection.stream({ method: 'GET', path, signal: patiently() }));
    expect(fault.message).toMatch(/^no answer from .* within 0\.1 s$/);
    await server.open(0);
    connection.close();
  });

  test('of a refusal are followed by all of it, within the bound', async ({ server }) => {
    const connection = connectTo(clusterAt(server.url), 3_000);
    const call = { method: 'GET', path, signal: patiently() } as const;
    server.forbidden.add('watch');
    expect(await connection.stream(call)).toMatchObject({ status: 403, body: { kind: 'Status' } });
    server.fail((response) => void response.writeHead(500).write('{'));
    expect((await faultOf(connection.stream(call))).message).toMatch(/^no answer .* 3 s$/);
    await server.open(0);
    connection.close();
  });

  test('of a second 401 are the answer; after the first credentials are read anew', async ({
    server,
  }) => {
    const shown: string[] = [];
    const cluster: Cluster = {
      ...clusterAt(server.url),
      access(freshness) {
        shown.push(freshness);
        const bearer = shown.includes('reload') ? 'new' : 'old';
        return Promise.resolve({ headers: { Authorization: `Bearer ${bearer}` }, tls: { ca } });
      },
    };
    const connection = connectTo(cluster, 10_000);
    const call = { method: 'GET', path, signal: patiently() } as const;
    server.admits = ({ headers }) => headers.authorization === 'Bearer new';
    expect(await connection.stream(call)).toHaveProperty('lines');
    expect(shown).toEqual(['cached', 'reload']);
    server.admits = () => false;
    expect(await connection.stream(call)).toMatchObject({ status: 401 });
    expect(shown).toEqual(['cached', 'reload', 'cached', 'reload']);
    await server.open(1);
    connection.close();
  });
});

describe('a signal that aborts', () => {
  test('before the headers is a fault, and nothing stays', async ({ server, connection }) => {
    const giveUp = new AbortController();
    server.fail('hang');
    const { signal } = giveUp;
    const fault = faultOf(connection.stream({ method: 'GET', path, signal }));
    await server.received(1);
    giveUp.abort();
    expect((await fault).message).toMatch(/ was given up$/);
    await server.open(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await faultOf(connection.stream({ method: 'GET', path, signal }));
    expect(server.requests).toHaveLength(1);
  });

  test('while the next line is awaited ends them without a word', async ({
    server,
    connection,
  }) => {
    const giveUp = new AbortController();
    const { lines } = await open(server, connection, giveUp.signal);
    const next = lines.next();
    await turn();
    giveUp.abort();
    expect(await next).toEqual(ended);
    await server.open(0);
  });

  test('while nobody takes any closes the connection at once, and ends them', async ({
    server,
    connection,
  }) => {
    const giveUp = new AbortController();
    const { response, lines } = await open(server, connection, giveUp.signal);
    response.write('one\ntwo\nthree\n');
    expect(await take(lines, 1)).toEqual(['one']);
    giveUp.abort();
    await server.open(0);
    expect(await lines.next()).toEqual(ended);
  });

  test('before any was taken closes the connection at once, too', async ({
    server,
    connection,
  }) => {
    const giveUp = new AbortController();
    const { lines } = await open(server, connection, giveUp.signal);
    giveUp.abort();
    await server.open(0);
    expect(await lines.next()).toEqual(ended);
  });

  test('when the server has just ended them ends them all the same', async ({
    server,
    connection,
  }) => {
    for (let turns = 0; turns < 10; turns++) {
      const giveUp = new AbortController();
      const { response, lines } = await open(server, connection, giveUp.signal);
      response.end('one\ntwo\n');
      expect(await take(lines, 1)).toEqual(['one']);
      for (let passed = 0; passed < turns; passed++) await Promise.resolve();
      giveUp.abort();
      expect(await lines.next()).toEqual(ended);
      await server.open(0);
    }
  });

  test('has no listeners left when lines have ended in whatever way', async ({
    server,
    connection,
  }) => {
    const { signal } = new AbortController();
    const listeners = () => getEventListeners(signal, 'abort').length;
    const ways: ((opened: Opened) => Promise<unknown>)[] = [
      ({ response, lines }) => (response.end(), lines.next()),
      ({ response, lines }) => (response.destroy(), faultOf(lines.next())),
      async ({ response, lines }) => {
        response.write('one\n');
        await lines.next();
        await lines.return?.();
      },
      ({ response }) => Promise.resolve(response.destroy()),
    ];
    for (const way of ways) {
      const opened = await open(server, connection, signal);
      expect(listeners()).toBe(1);
      await way(opened);
      await server.open(0);
      await expect.poll(listeners).toBe(0);
    }
  });
});

describe('the connection', () => {
  test('of a stream is its own: requests keep theirs', async ({ server, connection }) => {
    await connection.request(get);
    const first = await open(server, connection);
    expect(server.connections).toBe(2);
    await connection.request(get);
    await connection.request(get);
    expect([server.connections, server.openConnections]).toEqual([2, 2]);

    first.response.end();
    expect(await first.lines.next()).toEqual(ended);
    await server.open(1);
    await connection.request(get);
    const second = await open(server, connection);
    expect(server.connections).toBe(3);
    await connection.request({ ...get, fresh: true });
    await server.open(2);
    second.response.write('still here\n');
    expect(await take(second.lines, 1)).toEqual(['still here']);
  });

  test('of a stream is probed by TCP, so that a peer that is gone is found', async ({
    server,
    connection,
  }) => {
    const { response } = await open(server, connection);
    await expect.poll(() => isProbed(response.socket?.remotePort)).toBe(true);
  });

  test('goes when somebody leaves the loop', async ({ server, connection }) => {
    server.fail((response) => void response.writeHead(200).write('one\ntwo\n'));
    const answer = await connection.stream({ method: 'GET', path, signal: patiently() });
    for await (const line of 'lines' in answer ? answer.lines : []) {
      expect(line).toBe('one');
      break;
    }
    await server.open(0);
  });

  for (const pulling of [true, false])
    test(`goes with close(), ${pulling ? 'a line is' : 'no line is'} awaited`, async ({
      server,
    }) => {
      const connection = connectTo(clusterAt(server.url), 10_000);
      const { lines } = await open(server, connection);
      const next = pulling ? lines.next() : undefined;
      connection.close();
      await server.open(0);
      expect(await (next ?? lines.next())).toEqual(ended);
      await faultOf(connection.stream({ method: 'GET', path, signal: patiently() }));
    });

  test('goes through the proxy, and neither there is silence a fault', async ({
    server,
    folder,
  }) => {
    const proxy = await startConnectProxy();
    const entry = { 'certificate-authority': tlsFile('ca.crt'), 'proxy-url': proxy.url };
    const file = await folder.write('config', kubeconfig(server.url, { token }, entry));
    const cluster = await loadCluster({ kubeconfig: file, env: {}, signal: patiently() });
    const connection = connectTo(cluster, 3_000);
    await connection.request(get);
    const { response, lines } = await open(server, connection);
    expect(proxy.tunnels()).toBe(2);
    await expect.poll(() => isProbed(proxy.clientPorts[1])).toBe(true);
    const next = lines.next();
    server.fail('hang');
    await faultOf(connection.request(get));
    response.write('late\n');
    expect(await next).toEqual({ done: false, value: 'late' });
    connection.close();
    await server.open(0);
    await proxy.close();
  });
});

test('a proxy that never answers is a fault at the bound, and no connection to it stays', async ({
  folder,
}) => {
  const proxy = createServer();
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const accepted = once(proxy, 'connection') as Promise<[Socket]>;
  const entry = { 'proxy-url': `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
  const content = kubeconfig('https://127.0.0.1:1', { token }, entry);
  const file = await folder.write('config', content);
  const connection = connectTo(
    await loadCluster({ kubeconfig: file, env: {}, signal: patiently() }),
    100,
  );
  const fault = await faultOf(connection.stream({ method: 'GET', path, signal: patiently() }));
  expect(fault.message).toMatch(/^no answer .* within 0\.1 s$/);
  const [socket] = await accepted;
  if (!socket.closed) await once(socket.resume(), 'close');
  connection.close();
  proxy.close();
});

test('a plain http server streams as well', async () => {
  const server = await startApiServer({ certificate: 'none' });
  const connection = connectTo(clusterAt(server.url), 10_000);
  const { response, lines } = await open(server, connection);
  response.write('one\n');
  expect(await take(lines, 1)).toEqual(['one']);
  connection.close();
  await server.open(0);
  await server.close();
});
