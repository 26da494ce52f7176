import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, vi } from 'vitest';
import { LockFault } from '../../src/election/lock.ts';
import type { Access, Cluster } from '../../src/kube/cluster.ts';
import type { Request } from '../../src/kube/connection.ts';
import { startApiServer, tlsFile, type ApiServer } from '../support/api-server.ts';
import { ca, clusterAt, connectTo, patiently, test, token } from './fixtures.ts';

const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/one';

function get(options: Partial<Request> = {}): Request {
  return { method: 'GET', path, signal: patiently(), ...options };
}

async function faultOf(promise: Promise<unknown>): Promise<LockFault> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(LockFault);
  return thrown as LockFault;
}

describe('one kept-alive connection:', () => {
  test('a hundred requests need one TLS handshake', async ({ server, connection }) => {
    server.leases.put('one', {});
    for (let count = 0; count < 100; count++)
      expect(await connection.request(get())).toMatchObject({ status: 200 });
    expect(server.connections).toBe(1);
  });

  test('two requests at once leave one connection behind', async ({ server, connection }) => {
    const held = Promise.withResolvers<undefined>();
    server.fail(held.promise, held.promise);
    const both = [connection.request(get()), connection.request(get())];
    await server.received(2);
    expect(server.openConnections).toBe(2);
    held.resolve(undefined);
    await Promise.all(both);
    await server.open(1);
    await connection.request(get());
    expect(server.connections).toBe(2);
  });

  test('a fresh request opens a connection that later ones use', async ({ server, connection }) => {
    await connection.request(get());
    await connection.request(get({ fresh: true }));
    await connection.request(get());
    expect(server.connections).toBe(2);
    await server.open(1);
  });

  test('a fresh request lets the one under way finish, on a connection that is not kept', async ({
    server,
    connection,
  }) => {
    const held = Promise.withResolvers<undefined>();
    server.fail(held.promise);
    const slow = connection.request(get());
    await server.received(1);
    await connection.request(get({ fresh: true }));
    expect(server.openConnections).toBe(2);
    held.resolve(undefined);
    expect((await slow).status).toBe(404);
    await server.open(1);
    await connection.request(get());
    expect(server.connections).toBe(2);
  });

  test('a process that has closed it ends by itself', async ({ server }) => {
    const script = `
      import { readFileSync } from 'node:fs';
      import { connect } from './src/kube/connection.ts';
      const ca = readFileSync(${JSON.stringify(tlsFile('ca.crt'))});
      const cluster = { server: new URL('${server.url}'), access: async () => ({ headers: {}, tls: { ca } }) };
      const connection = connect(cluster, { requestTimeoutMs: 60_000, userAgent: 'test' });
      const { signal } = new AbortController();
      const { status } = await connection.request({ method: 'GET', path: '${path}', signal });
      connection.close();
      console.log(status);
    `;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { timeout: 90_000 },
    );
    expect(stdout).toBe('404\n');
  });
});

describe('every request ends:', () => {
  for (const fault of ['hang', 'drip'] as const)
    test(`after a ${fault} the connection is gone and the next request works`, async ({
      server,
    }) => {
      // As long as the next request has to come through, however busy the machine.
      const connection = connectTo(clusterAt(server.url), 3_000);
      server.fail(fault);
      const { kind, message } = await faultOf(connection.request(get()));
      expect(kind).toBe('unreachable');
      expect(message).toMatch(/^no answer from the API server 127\.0\.0\.1:\d+ within 3 s$/);
      await server.open(0);
      expect((await connection.request(get())).status).toBe(404);
      connection.close();
    });

  test('the bound covers credentials that do not come', async ({ server }) => {
    const cluster = clusterAt(server.url);
    const stuck = { ...cluster, access: () => Promise.withResolvers<never>().promise };
    const connection = connectTo(stuck, 50);
    expect((await faultOf(connection.request(get()))).message).toMatch(/^no answer .* 0\.05 s$/);
  });

  test('credentials that come too late open no connection', async ({ server }) => {
    const cluster = clusterAt(server.url);
    const late = Promise.withResolvers<Access>();
    const accesses = [late.promise, cluster.access('cached', patiently())];
    const access = () => accesses.shift() ?? late.promise;
    const connection = connectTo({ ...cluster, access }, 10_000);
    const giveUp = new AbortController();
    const fault = faultOf(connection.request(get({ signal: giveUp.signal })));
    giveUp.abort();
    await fault;
    late.resolve(await cluster.access('cached', patiently()));
    expect((await connection.request(get())).status).toBe(404);
    expect([server.connections, server.requests.length]).toEqual([1, 1]);
    connection.close();
  });

  test('a request that is given up takes its connection with it', async ({
    server,
    connection,
  }) => {
    const giveUp = new AbortController();
    server.fail('hang');
    const fault = faultOf(connection.request(get({ signal: giveUp.signal })));
    await server.received(1);
    giveUp.abort();
    expect((await fault).message).toMatch(/^the request to .* was given up$/);
    await server.open(0);
  });

  test('a request that was given up before it began is not sent', async ({
    server,
    connection,
  }) => {
    await faultOf(connection.request(get({ signal: AbortSignal.abort() })));
    await connection.request(get());
    expect(server.requests).toHaveLength(1);
  });

  test('closing ends what is under way, and nothing can be sent afterwards', async ({
    server,
    connection,
  }) => {
    server.fail('hang');
    const fault = faultOf(connection.request(get()));
    await server.received(1);
    connection.close();
    expect((await fault).message).toMatch(/^the connection to .* has been closed$/);
    await server.open(0);
    expect((await faultOf(connection.request(get()))).message).toMatch(/ has been closed$/);
  });

  test('an answer of more than 4 MiB is cut off', async ({ server, connection }) => {
    server.fail({ status: 200, body: ' '.repeat(4 * 2 ** 20 + 1) });
    const fault = await faultOf(connection.request(get()));
    expect(fault.message).toContain('longer than 4194304 bytes');
    await server.open(0);
  });

  for (const fault of ['reset', 'drop-answer'] as const)
    test(`a connection that ends without an answer (${fault}) is a fault`, async ({
      server,
      connection,
    }) => {
      server.fail(fault);
      const { kind, message } = await faultOf(connection.request(get()));
      expect(kind).toBe('unreachable');
      expect(message).toMatch(
        /^cannot reach the API server 127\.0\.0\.1:\d+: the connection was reset$/,
      );
      expect((await connection.request(get())).status).toBe(404);
    });

  test('an upgrade nobody asked for is a fault in time', async ({ server }) => {
    const connection = connectTo(clusterAt(server.url), 200);
    server.fail({ status: 101, headers: { Connection: 'Upgrade', Upgrade: 'x' }, body: '' });
    expect((await faultOf(connection.request(get()))).kind).toBe('unreachable');
    connection.close();
  });
});

describe('answers:', () => {
  for (const [what, body] of [
    ['HTML', '<html><body>Bad Gateway</body></html>'],
    ['nothing', ''],
    ['truncated JSON', '{"metadata": {"na'],
  ] as const)
    test(`${what} instead of JSON has no body`, async ({ server, connection }) => {
      server.fail({ status: 200, body });
      expect(await connection.request(get())).toMatchObject({ status: 200, body: undefined });
    });

  test('a body is sent as JSON, with who we are', async ({ server, connection }) => {
    const body = { metadata: { name: 'größe 🦊' } };
    await connection.request({
      method: 'POST',
      path: path.replace('/one', ''),
      body,
      signal: patiently(),
    });
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      body,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'content-type': 'application/json',
        'user-agent': 'k8s-leader-test',
      },
    });
  });

  test('the path of the server stands before every path', async ({ server }) => {
    const connection = connectTo(clusterAt(`${server.url}/k8s/clusters/c-1/`), 10_000);
    await connection.request(get());
    expect(server.requests[0]?.path).toBe(`/k8s/clusters/c-1${path}`);
    connection.close();
  });
});

describe('after a 401:', () => {
  function rotating(server: ApiServer) {
    let current = 'old';
    let reloads = 0;
    server.admits = ({ headers }) => headers.authorization === 'Bearer new';
    const cluster: Cluster = {
      ...clusterAt(server.url),
      access(freshness) {
        if (freshness === 'reload') {
          current = 'new';
          reloads++;
        }
        return Promise.resolve({ headers: { Authorization: `Bearer ${current}` }, tls: { ca } });
      },
    };
    return { connection: connectTo(cluster, 10_000), reloads: () => reloads };
  }

  test('credentials are read anew and the request is sent once more', async ({ server }) => {
    const { connection, reloads } = rotating(server);
    expect((await connection.request(get())).status).toBe(404);
    expect((await connection.request(get())).status).toBe(404);
    expect([reloads(), server.requests.length]).toEqual([1, 3]);
    connection.close();
  });

  test('requests that meet it together read credentials once', async ({ server }) => {
    const { connection, reloads } = rotating(server);
    const both = await Promise.all([connection.request(get()), connection.request(get())]);
    expect(both.map(({ status }) => status)).toEqual([404, 404]);
    expect(reloads()).toBe(1);
    connection.close();
  });

  test('a second one is the answer', async ({ server, connection }) => {
    server.admits = () => false;
    expect((await connection.request(get())).status).toBe(401);
    expect(server.requests).toHaveLength(2);
  });
});

describe('what cannot be reached or trusted is said in plain words:', () => {
  async function faultAt(cluster: Cluster): Promise<LockFault> {
    const connection = connectTo(cluster, 10_000);
    const fault = await faultOf(connection.request(get()));
    connection.close();
    expect(fault.kind).toBe('unreachable');
    expect(fault.message).toMatch(/^cannot reach the API server 127\.0\.0\.1:\d+: /);
    return fault;
  }

  test('nobody listens', async () => {
    const server = await startApiServer();
    await server.close();
    expect((await faultAt(clusterAt(server.url))).message).toContain('connection refused');
  });

  test('a certificate of another CA', async ({ server }) => {
    const unrelated = readFileSync(tlsFile('unrelated-ca.crt'));
    const fault = await faultAt(clusterAt(server.url, { tls: { ca: unrelated } }));
    expect(fault.message).toContain('its certificate is not from the configured CA');
    expect(fault.hint).toBe('check certificate-authority');
    expect(server.requests).toHaveLength(0);
  });

  test('a certificate of another CA, even where CMD has been told to trust everything', async ({
    server,
  }) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const unrelated = readFileSync(tlsFile('unrelated-ca.crt'));
    const fault = await faultAt(clusterAt(server.url, { tls: { ca: unrelated } }));
    vi.unstubAllEnvs();
    expect(fault.message).toContain('its certificate is not from the configured CA');
  });

  test('no CA at all', async ({ server }) => {
    const fault = await faultAt(clusterAt(server.url, { tls: {} }));
    expect(fault.message).toContain('its certificate is not from the configured CA');
  });

  test('an expired certificate', async () => {
    const server = await startApiServer({ certificate: 'expired' });
    const fault = await faultAt(clusterAt(server.url));
    expect(fault.message).toContain('its certificate has expired');
    await server.close();
  });

  test('a certificate for another name', async ({ server }) => {
    const fault = await faultAt(clusterAt(server.url, { tls: { ca, servername: 'kube.example' } }));
    expect(fault.message).toContain('its certificate is for another name');
  });

  test('a server that does not speak TLS', async () => {
    const server = await startApiServer({ certificate: 'none' });
    const fault = await faultAt(clusterAt(server.url.replace('http:', 'https:')));
    expect(fault.message).toContain('it does not speak TLS');
    await server.close();
  });

  test('a server that does not speak HTTP', async ({ server }) => {
    const fault = await faultAt(clusterAt(server.url.replace('https:', 'http:')));
    expect(fault.message).toContain('127.0.0.1');
  });
});
