/** Kubeconfig files, as a user of the test cluster would have them. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a kubeconfig says. */
export interface KubeconfigOptions {
  /**
   * The stanza of the user as kubectl knows it: `{ token }`, `{ tokenFile }`, `{ exec: … }`.
   * Default: the administrator.
   */
  readonly user?: Readonly<Record<string, unknown>>;
  /** Another address of the same server, such as a proxy in front of it. */
  readonly server?: string;
  /** The name to verify the server by; `kubernetes` is one it always has. Default: its address. */
  readonly tlsServerName?: string;
  /** The namespace of the context; left out when not given. */
  readonly namespace?: string;
}

/** Writes a kubeconfig into the folder and returns its path. JSON, which is YAML too. */
export async function writeKubeconfig(
  folder: string,
  caFile: string,
  { user, server, tlsServerName, namespace }: KubeconfigOptions,
): Promise<string> {
  // What is undefined does not get into the file.
  const cluster = {
    server,
    'certificate-authority': caFile,
    'tls-server-name': tlsServerName,
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace } }],
    'current-context': 'test',
  };
  const path = join(folder, `kubeconfig-${randomUUID()}`);
  await writeFile(path, JSON.stringify(config, undefined, 2), { mode: 0o600 });
  return path;
}
