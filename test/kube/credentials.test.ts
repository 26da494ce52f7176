import { once } from 'node:events';
import { rename, symlink } from 'node:fs/promises';
import { createServer as createSilentServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import type { Cluster } from '../../src/kube/cluster.ts';
import { loadCluster } from '../../src/kube/config.ts';
import type { Request } from '../../src/kube/connection.ts';
import { startApiServer, tlsFile, type ApiServer } from '../support/api-server.ts';
import { startConnectProxy } from './connect-proxy.ts';
import { connectTo, kubeconfig, patiently, test, token, type Folder } from './fixtures.ts';

const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/one';
const get: Request = { method: 'GET', path, signal: new AbortController().signal };

async function load(folder: Folder, content: string): Promise<Cluster> {
  const file = await folder.write('config', content);
  return loadCluster({ kubeconfig: file, env: { PATH: process.env['PATH'] }, signal: patiently() });
}

/** Lets in only this bearer token. */
function admit(server: ApiServer, bearer: string): void {
  server.admits = ({ headers }) => headers.authorization === `Bearer ${bearer}`;
}

/** The status of a request with the cluster's credentials, over a connection of its own. */
async function knock(cluster: Cluster): Promise<number> {
  const connection = connectTo(cluster, 10_000);
  const { status } = await connection.request(get);
  connection.close();
  return status;
}

describe('a kubeconfig lets us in', () => {
  test('by a token', async ({ server, folder }) => {
    admit(server, token);
    expect(await knock(await load(folder, kubeconfig(server.url, { token })))).toBe(404);
  });

  test('by user name and password', async ({ server, folder }) => {
    const basic = Buffer.from('alice:pass').toString('base64');
    server.admits = ({ headers }) => headers.authorization === `Basic ${basic}`;
    const user = { username: 'alice', password: 'pass' };
    expect(await knock(await load(folder, kubeconfig(server.url, user)))).toBe(404);
  });

  test('as somebody else, when it says so', async ({ server, folder }) => {
    server.admits = ({ headers }) => headers['impersonate-user'] === 'bob';
    expect(await knock(await load(folder, kubeconfig(server.url, { token, as: 'bob' })))).toBe(404);
  });

  test('without a user, by the CA alone', async ({ server, folder }) => {
    const config = JSON.parse(kubeconfig(server.url, {})) as { contexts: [{ context: object }] };
    config.contexts[0].context = { cluster: 'c' };
    expect(await knock(await load(folder, JSON.stringify(config)))).toBe(404);
  });

  test('by a client certificate whose paths are relative to its file', async ({
    server,
    folder,
  }) => {
    server.admits = ({ certificate }) => certificate === 'alice';
    await symlink(tlsFile('alice.crt'), join(folder.path, 'me.crt'));
    await symlink(tlsFile('alice.key'), join(folder.path, 'me.key'));
    const user = { 'client-certificate': 'me.crt', 'client-key': 'me.key' };
    expect(await knock(await load(folder, kubeconfig(server.url, user)))).toBe(404);
  });

  test('past an unknown CA when told to skip verification', async ({ server, folder }) => {
    const insecure = { 'insecure-skip-tls-verify': true };
    expect(await knock(await load(folder, kubeconfig(server.url, { token }, insecure)))).toBe(404);
  });

  test('under another name of the server', async ({ server, folder }) => {
    const cluster = { 'certificate-authority': tlsFile('ca.crt'), 'tls-server-name': 'localhost' };
    expect(await knock(await load(folder, kubeconfig(server.url, { token }, cluster)))).toBe(404);
  });

  test('through a proxy, over one kept-alive connection', async ({ server, folder }) => {
    const proxy = await startConnectProxy();
    const cluster = { 'certificate-authority': tlsFile('ca.crt'), 'proxy-url': proxy.url };
    const connection = connectTo(
      await load(folder, kubeconfig(server.url, { token }, cluster)),
      10_000,
    );
    admit(server, token);
    for (let count = 0; count < 5; count++)
      expect((await connection.request(get)).status).toBe(404);
    expect([proxy.tunnels(), server.connections]).toEqual([1, 1]);
    await connection.request({ ...get, fresh: true });
    expect([proxy.tunnels(), server.connections]).toEqual([2, 2]);
    connection.close();
    await proxy.close();
  });
});

test('a proxy that never answers costs one request, and no connection to it stays', async ({
  folder,
}) => {
  const proxy = createSilentServer();
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const accepted = once(proxy, 'connection') as Promise<[Socket]>;
  const { port } = proxy.address() as AddressInfo;
  const cluster = { 'proxy-url': `http://127.0.0.1:${String(port)}` };
  const content = kubeconfig('https://127.0.0.1:1', { token }, cluster);
  const connection = connectTo(await load(folder, content), 100);
  await expect(connection.request(get)).rejects.toThrow(/^no answer .* within 0\.1 s$/);
  const [socket] = await accepted;
  if (!socket.closed) await once(socket.resume(), 'close');
  connection.close();
  proxy.close();
});

test('a plain http server is used when the file names one, and gets no credentials', async ({
  folder,
}) => {
  const server = await startApiServer({ certificate: 'none' });
  const exec = { command: '/nowhere/plugin' };
  expect(await knock(await load(folder, kubeconfig(server.url, { token }, {})))).toBe(404);
  expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
  expect(server.requests[0]?.headers.host).toMatch(/^127/);
  await expect(load(folder, kubeconfig(server.url, { exec }, {}))).resolves.toBeDefined();
  await server.close();
});

describe('credentials that change while we run:', () => {
  test('a token file is read again at once when its token is refused', async ({
    server,
    folder,
  }) => {
    await folder.write('bearer', 'first\n');
    const cluster = await load(
      folder,
      kubeconfig(server.url, { token: 'old', tokenFile: 'bearer' }),
    );
    const connection = connectTo(cluster, 10_000);
    admit(server, 'first');
    expect((await connection.request(get)).status).toBe(404);
    await folder.write('bearer', 'second\n');
    admit(server, 'second');
    expect((await connection.request(get)).status).toBe(404);
    expect(server.requests).toHaveLength(3);
    expect((await connection.request(get)).status).toBe(404);
    expect(server.requests).toHaveLength(4);
    connection.close();
  });

  test('the kubeconfig itself is read again when its token is refused', async ({
    server,
    folder,
  }) => {
    const connection = connectTo(
      await load(folder, kubeconfig(server.url, { token: 'a' })),
      10_000,
    );
    await folder.write('config', kubeconfig(server.url, { token: 'b' }));
    admit(server, 'b');
    expect((await connection.request(get)).status).toBe(404);
    connection.close();
  });

  test('a kubeconfig that names another server now keeps its new token from the old one', async ({
    server,
    folder,
  }) => {
    const connection = connectTo(
      await load(folder, kubeconfig(server.url, { token: 'a' })),
      10_000,
    );
    await folder.write('config', kubeconfig('https://elsewhere:6443', { token: 'b' }));
    admit(server, 'b');
    await expect(connection.request(get)).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('now names another server') as string,
    });
    expect(server.requests).toHaveLength(1);
    connection.close();
  });

  test('a kubeconfig that is broken for a moment is a fault until it is whole again', async ({
    server,
    folder,
  }) => {
    const connection = connectTo(
      await load(folder, kubeconfig(server.url, { token: 'a' })),
      10_000,
    );
    admit(server, 'b');
    for (const broken of ['', kubeconfig(server.url, { tokenFile: 'gone' })]) {
      await folder.write('config', broken);
      await expect(connection.request(get)).rejects.toMatchObject({ kind: 'unreachable' });
    }
    await folder.write('config', kubeconfig(server.url, { token: 'b' }));
    expect((await connection.request(get)).status).toBe(404);
    connection.close();
  });

  test('a client certificate is replaced on the connection, too', async ({ server, folder }) => {
    const certificate = async (name: string) => {
      await symlink(tlsFile(`${name}.crt`), join(folder.path, 'new'));
      await rename(join(folder.path, 'new'), join(folder.path, 'me.crt'));
      await symlink(tlsFile(`${name}.key`), join(folder.path, 'new'));
      await rename(join(folder.path, 'new'), join(folder.path, 'me.key'));
    };
    await certificate('alice');
    const user = { 'client-certificate': 'me.crt', 'client-key': 'me.key' };
    const connection = connectTo(await load(folder, kubeconfig(server.url, user)), 10_000);
    server.admits = (request) => request.certificate === 'alice';
    expect((await connection.request(get)).status).toBe(404);
    await certificate('bob');
    server.admits = (request) => request.certificate === 'bob';
    expect((await connection.request(get)).status).toBe(404);
    await server.open(1);
    connection.close();
  });
});

describe('the service account of a pod', () => {
  async function inPod(server: ApiServer, folder: Folder): Promise<Cluster> {
    await folder.write('token', 'first');
    await symlink(tlsFile('ca.crt'), join(folder.path, 'ca.crt'));
    const { hostname, port } = new URL(server.url);
    return loadCluster({
      env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
      signal: patiently(),
      serviceAccountDir: folder.path,
    });
  }

  test('is read again when the server refuses the token', async ({ server, folder }) => {
    const connection = connectTo(await inPod(server, folder), 10_000);
    await folder.write('token', 'second');
    admit(server, 'second');
    expect((await connection.request(get)).status).toBe(404);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first',
      'Bearer second',
    ]);
    connection.close();
  });

  test('is read again after a minute, and not sooner', async ({ server, folder }) => {
    // Whole: of what has a fraction, a minute later is sometimes not quite a minute.
    const startMs = Math.ceil(performance.now());
    const now = vi.spyOn(performance, 'now').mockReturnValue(startMs);
    const cluster = await inPod(server, folder);
    await folder.write('token', 'second');
    const bearer = async () => (await cluster.access('cached', patiently())).headers;
    now.mockReturnValue(startMs + 59_999);
    expect(await bearer()).toEqual({ Authorization: 'Bearer first' });
    now.mockReturnValue(startMs + 60_000);
    expect(await bearer()).toEqual({ Authorization: 'Bearer second' });
    now.mockRestore();
  });
});
