/** The locks as the library's callers make them: they keep the contract, and find their way on first use. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  configMapLock,
  leaseLock,
  localLock,
  openCluster,
  secretLock,
  type Lock,
  type ObjectLockOptions,
} from '../../src/index.ts';
import { lockContract } from '../contract/lock-contract.ts';
import { startApiServer, tlsFile, type ApiServer } from '../support/api-server.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'k8s-leader-library-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function kubeconfigTo({ url }: ApiServer, namespace?: string): Promise<string> {
  const file = join(folder, 'config');
  const cluster = { server: url, 'certificate-authority': tlsFile('ca.crt') };
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'token' } }],
    contexts: [{ name: 'it', context: { cluster: 'c', user: 'u', namespace } }],
    'current-context': 'it',
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

const kinds = [
  ['leaseLock', 'leases', leaseLock],
  ['configMapLock', 'configmaps', configMapLock],
  ['secretLock', 'secrets', secretLock],
] as const;

describe.each(kinds)('%s', (name, resource, lockIn: (options: ObjectLockOptions) => Lock) => {
  lockContract(name, async () => {
    const server = await startApiServer({ resource });
    const cluster = openCluster({ kubeconfig: await kubeconfigTo(server) });
    const another = () => lockIn({ name: 'one', namespace: 'default', cluster });
    return {
      lock: another(),
      another,
      remove() {
        server.leases.remove('one');
        return Promise.resolve();
      },
      async close() {
        await cluster.close();
        await server.close();
      },
    };
  });
});

lockContract('localLock', () => {
  const file = join(folder, `locks-${String(Math.random())}.db`);
  const another = () => localLock({ name: 'one', file });
  return Promise.resolve({
    lock: another(),
    another,
    remove: () => rm(file),
    close: () => Promise.resolve(),
  });
});

const how = () => ({ signal: AbortSignal.timeout(60_000) });

test('what localLock throws does not speak of flags', async () => {
  const file = join(folder, 'not-a-database');
  await mkdir(file);
  await expect(localLock({ name: 'one', file }).read(how())).rejects.toMatchObject({
    kind: 'unsupported',
    message: `the lock file ${file} is not a file`,
  });
  const denied = localLock({ name: 'one', file: '/proc/locks.db' }).read(how());
  await expect(denied).rejects.toMatchObject({ name: 'LockFault', hint: undefined });
});

describe('a lock in a cluster', () => {
  test('asks for nothing before it is used', () => {
    expect(() =>
      leaseLock({ name: 'a', cluster: openCluster({ kubeconfig: '/no/such' }) }),
    ).not.toThrow();
  });

  test.each([
    ['the option', { namespace: 'given' }, 'from-pod', 'from-context', 'given'],
    ['POD_NAMESPACE', {}, 'from-pod', 'from-context', 'from-pod'],
    ['the context', {}, '', 'from-context', 'from-context'],
    ['the default', {}, '', undefined, 'default'],
  ])('has its namespace from %s', async (_, options, pod, context, expected) => {
    vi.stubEnv('POD_NAMESPACE', pod);
    const server = await startApiServer();
    const cluster = openCluster({ kubeconfig: await kubeconfigTo(server, context) });
    await leaseLock({ name: 'a', cluster, ...options }).read(how());
    expect(server.requests.map(({ path }) => path)).toEqual([
      `/apis/coordination.k8s.io/v1/namespaces/${expected}/leases/a`,
    ]);
    expect(server.requests[0]!.headers['user-agent']).toMatch(/^k8s-leader\//);
    await cluster.close();
    await server.close();
  });

  test('without a way to a cluster is of no use, until there is one', async () => {
    vi.stubEnv('KUBECONFIG', join(folder, 'config'));
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '');
    const lock = leaseLock({ name: 'a', cluster: openCluster() });
    await expect(lock.read(how())).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('KUBECONFIG names no file that exists') as string,
    });
    const server = await startApiServer();
    await kubeconfigTo(server);
    expect(await lock.read(how())).toBeUndefined();
    server.reset();
    await server.close();
  });

  test('of a handle that was closed is of no use', async () => {
    const server = await startApiServer();
    const cluster = openCluster({ kubeconfig: await kubeconfigTo(server) });
    const lock = leaseLock({ name: 'a', cluster });
    await lock.read(how());
    await cluster.close();
    await expect(lock.read(how())).rejects.toMatchObject({ name: 'LockFault' });
    await server.close();
  });
});
