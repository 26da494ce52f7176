import { exists } from '../platform/files-now.ts';
import { join } from '../platform/paths.ts';
import { configError, type Access, type Cluster, type Env, readText } from './cluster.ts';
import { errorCode } from './network-fault.ts';

/** Where the kubelet mounts a pod's credentials. */
export const serviceAccountDir = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The kubelet replaces token and CA long before the old ones end; client-go reads them as often. */
const maxAgeMs = 60_000;

/** The cluster whose pod we are in, by its service account; undefined when this is no pod or has no token. */
export async function podCluster(env: Env, dir: string): Promise<Cluster | undefined> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port || !exists(join(dir, 'token'))) return undefined;

  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const server = URL.parse(url);
  if (!server)
    throw configError(`KUBERNETES_SERVICE_HOST and _PORT do not make an address: ${url}`);
  const namespace = await readText(join(dir, 'namespace')).catch(() => '');

  let known: { access: Access; readAtMs: number } | undefined;
  return {
    server,
    namespace: namespace.trim() || undefined,
    describe: `the service account in ${dir}`,
    async access(freshness) {
      const young = known && performance.now() - known.readAtMs < maxAgeMs;
      if (!known || !young || freshness === 'reload')
        known = { access: await readAccess(dir), readAtMs: performance.now() };
      return known.access;
    },
  };
}

async function readAccess(dir: string): Promise<Access> {
  try {
    const [token, ca] = await Promise.all([
      readText(join(dir, 'token')),
      readText(join(dir, 'ca.crt')),
    ]);
    return { headers: { Authorization: `Bearer ${token.trim()}` }, tls: { ca } };
  } catch (error) {
    throw configError(`cannot read the service account in ${dir} (${errorCode(error)})`);
  }
}
