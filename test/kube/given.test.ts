/** `--server`, `--token`, `--insecure-skip-tls-verify` and `--as`, over what a kubeconfig or a Pod says. */
import { describe, expect } from 'vitest';
import type { Cluster } from '../../src/kube/cluster.ts';
import { loadCluster } from '../../src/kube/config.ts';
import type { Given } from '../../src/kube/given.ts';
import { tlsFile } from '../support/api-server.ts';
import { connectTo, kubeconfig, patiently, test, token } from './fixtures.ts';

const given = 'gEn-given-token';

const load = (how: Given, file?: string): Promise<Cluster> =>
  loadCluster({ kubeconfig: file, given: how, env: {}, signal: patiently() });

async function knock(cluster: Cluster): Promise<number> {
  const connection = connectTo(cluster, 10_000);
  try {
    return (await connection.request({ method: 'GET', path: '/x', signal: patiently() })).status;
  } finally {
    connection.close();
  }
}

describe('server and token alone', () => {
  test('need no configuration', async ({ server }) => {
    server.admits = ({ headers }) => headers.authorization === `Bearer ${given}`;
    const how = { server: server.url, token: given, insecure: true };
    expect(await knock(await load(how))).toBe(404);
  });

  test('verify the certificate unless told otherwise', async ({ server }) => {
    const cluster = await load({ server: server.url, token: given });
    await expect(knock(cluster)).rejects.toThrow(/certificate/);
  });

  test('do not travel in the clear', async () => {
    await expect(load({ server: 'http://127.0.0.1:1', token: given })).rejects.toThrow(
      '--token must not travel in the clear to http://127.0.0.1:1',
    );
  });
});

describe('over a kubeconfig', () => {
  test('a token takes the place of all of its user, whose plugin does not run', async ({
    server,
    folder,
  }) => {
    server.admits = ({ headers }) => headers.authorization === `Bearer ${given}`;
    const user = { token, exec: { apiVersion: 'x', command: '/nowhere' }, as: 'bob' };
    const file = await folder.write('config', kubeconfig(server.url, user));
    expect(await knock(await load({ token: given }, file))).toBe(404);
  });

  test('another server gets its credentials, by its CA', async ({ server, folder }) => {
    server.admits = ({ headers }) => headers.authorization === `Bearer ${token}`;
    const elsewhere = { 'certificate-authority': tlsFile('ca.crt'), 'tls-server-name': 'other' };
    const config = kubeconfig('https://elsewhere:1', { token }, elsewhere);
    const cluster = await load({ server: server.url }, await folder.write('config', config));
    expect(cluster.server.href).toBe(`${server.url}/`);
    expect(await knock(cluster)).toBe(404);
  });

  test('another server gets none of them in the clear', async ({ folder }) => {
    const file = await folder.write('config', kubeconfig('https://elsewhere:1', { token }));
    const cluster = await load({ server: 'http://127.0.0.1:1' }, file);
    expect((await cluster.access('cached', patiently())).headers).toEqual({});
  });

  test('somebody else is asked for as', async ({ server, folder }) => {
    server.admits = ({ headers }) =>
      headers['impersonate-user'] === 'carol' && headers['impersonate-group'] === 'ops';
    const file = await folder.write('config', kubeconfig(server.url, { token }));
    expect(await knock(await load({ as: 'carol', asGroup: 'ops' }, file))).toBe(404);
  });

  test('a certificate of nobody is taken when it is not to be verified', async ({
    server,
    folder,
  }) => {
    server.admits = ({ headers }) => headers.authorization === `Bearer ${token}`;
    const file = await folder.write('config', kubeconfig(server.url, { token }, {}));
    await expect(knock(await load({}, file))).rejects.toThrow(/certificate/);
    expect(await knock(await load({ insecure: true }, file))).toBe(404);
  });
});

test('no text of a server repeats the token', async ({ server }) => {
  const connection = connectTo(await load({ server: server.url, token: given }), 10_000);
  await connection.cluster.access('cached', patiently());
  expect(connection.cluster.redact?.(`bad ${given}`)).toBe('bad <credentials>');
  connection.close();
});
