/** A server, a folder and what stands in for a cluster's configuration, made anew for each test. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from 'vitest';
import type { Access, Cluster } from '../../src/kube/cluster.ts';
import { connect, type Connection } from '../../src/kube/connection.ts';
import { startApiServer, tlsFile, type ApiServer } from '../support/api-server.ts';

export const token = 'sup3r-s3cret-token';

export interface Folder {
  readonly path: string;
  /** Writes a file and returns its path. */
  write(name: string, content: string, mode?: number): Promise<string>;
}

interface Fixtures {
  readonly server: ApiServer;
  readonly folder: Folder;
  /** To `server`, bounded to 10 s, which only a failing test waits for. */
  readonly connection: Connection;
}

export const test = base.extend<Fixtures>({
  // eslint-disable-next-line no-empty-pattern
  server: async ({}, use) => {
    const server = await startApiServer();
    await use(server);
    await server.close();
  },
  // eslint-disable-next-line no-empty-pattern
  folder: async ({}, use) => {
    const path = await mkdtemp(join(tmpdir(), 'k8s-leader-kube-'));
    await use({
      path,
      async write(name, content, mode = 0o600) {
        const file = join(path, name);
        await writeFile(file, content);
        await chmod(file, mode);
        return file;
      },
    });
    await rm(path, { recursive: true });
  },
  connection: async ({ server }, use) => {
    const connection = connectTo(clusterAt(server.url), 10_000);
    await use(connection);
    connection.close();
  },
});

export const ca = readFileSync(tlsFile('ca.crt'));

/** A cluster that needs no configuration. */
export function clusterAt(url: string, access: Partial<Access> = {}): Cluster {
  const headers = { Authorization: `Bearer ${token}` };
  return {
    server: new URL(url),
    namespace: undefined,
    describe: 'the test',
    access: () => Promise.resolve({ headers, tls: { ca }, ...access }),
  };
}

export function connectTo(cluster: Cluster, requestTimeoutMs: number): Connection {
  return connect(cluster, { requestTimeoutMs, userAgent: 'k8s-leader-test' });
}

/** A signal that never aborts. */
export function patiently(): AbortSignal {
  return new AbortController().signal;
}

/** A kubeconfig of one context, `test`; JSON is YAML too. */
export function kubeconfig(
  server: string,
  user: Record<string, unknown>,
  cluster: Record<string, unknown> = { 'certificate-authority': tlsFile('ca.crt') },
): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'test', context: { cluster: 'c', user: 'u', namespace: 'apps' } }],
    'current-context': 'test',
  });
}
