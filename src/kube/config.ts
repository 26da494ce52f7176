import { exists } from '../platform/files-now.ts';
import { delimiter, join } from '../platform/paths.ts';
import { configError, type Cluster, type Env } from './cluster.ts';
import { asGiven, givenCluster, type Given } from './given.ts';
import { podCluster, serviceAccountDir } from './in-cluster.ts';

/** How to find the cluster. */
export interface ClusterOptions {
  /** `--kubeconfig`: the file to use, and no other. */
  readonly kubeconfig?: string | undefined;
  /** `--context`: the context to use instead of the current one; rules out the pod's service account. */
  readonly context?: string | undefined;
  /** What else the command line says; server and token alone need no configuration. */
  readonly given?: Given | undefined;
  readonly env: Env;
  /** Ends the search, and a credential plugin that is running. */
  readonly signal: AbortSignal;
  /** How long a credential plugin may take before it is killed. 30 s by default. */
  readonly pluginTimeoutMs?: number;
  /** Where a pod's service account is mounted; only tests have another. */
  readonly serviceAccountDir?: string;
}

/**
 * Finds the cluster and makes sure that credentials for it can be had; sends nothing to it. The order: `kubeconfig`,
 * the files of `$KUBECONFIG`, the service account of the pod we are in, `~/.kube/config`. There is no default server.
 * @throws {ExpectedError} 69 when there is no configuration or it cannot be used
 */
export async function loadCluster(options: ClusterOptions): Promise<Cluster> {
  const { signal } = options;
  const givenUp = configError('the search for a cluster was given up');
  if (signal.aborted) throw givenUp;
  // Not everything heeds the signal: a file system may hang, or an identity provider.
  const abandoned = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(givenUp);
    });
  });
  return Promise.race([abandoned, findUsableCluster(options)]);
}

async function findUsableCluster(options: ClusterOptions): Promise<Cluster> {
  const { given = {}, kubeconfig, context } = options;
  const isAlone = kubeconfig === undefined && context === undefined;
  const alone = isAlone ? givenCluster(given) : undefined;
  const cluster = asGiven(alone ?? (await findCluster(options)), given);
  await cluster.access('cached', options.signal);
  return cluster;
}

async function findCluster(options: ClusterOptions): Promise<Cluster> {
  const { kubeconfig, context, given, env, pluginTimeoutMs = 30_000 } = options;
  const fromFiles = async (files: readonly string[]) => {
    // A pod needs nothing of it.
    const { kubeconfigCluster } = await import('./kubeconfig-cluster.ts');
    return kubeconfigCluster({ files, context, given, env, pluginTimeoutMs });
  };

  if (kubeconfig !== undefined) return fromFiles([kubeconfig]);

  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean);
  if (listed.length > 0) {
    const files = listed.filter((file) => exists(file));
    if (files.length > 0) return fromFiles(files);
    throw configError(`KUBECONFIG names no file that exists: ${listed.join(', ')}`);
  }

  const pod =
    context === undefined
      ? await podCluster(env, options.serviceAccountDir ?? serviceAccountDir)
      : undefined;
  if (pod) return pod;

  const home = env['HOME'] && join(env['HOME'], '.kube', 'config');
  if (home && exists(home)) return fromFiles([home]);
  throw configError(
    env['KUBERNETES_SERVICE_HOST']
      ? 'no cluster is configured: this pod has no service account token, and there is no kubeconfig'
      : 'no cluster is configured: no KUBECONFIG, no ~/.kube/config, and this is not a pod',
    'name a file with --kubeconfig, or lock on this machine only with --backend local',
  );
}

/** Where a namespace can come from, the strongest first. */
interface NamespaceSources {
  /** `--namespace`. */
  readonly flag: string | undefined;
  /** Of this, `POD_NAMESPACE`. */
  readonly env: Env;
  /** What the configuration of the cluster suggests. */
  readonly cluster: string | undefined;
}

/** A DNS-1123 label. */
const validName = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * The namespace to work in, `default` when nothing names one.
 * @throws {ExpectedError} 69 when it cannot be the name of one
 */
export function chooseNamespace({ flag, env, cluster }: NamespaceSources): string {
  const name = flag ?? (env['POD_NAMESPACE'] || cluster || 'default');
  if (validName.test(name)) return name;
  const source = env['POD_NAMESPACE'] ? 'POD_NAMESPACE' : 'the configuration of the cluster';
  throw configError(
    `${source} names a namespace that cannot exist: ${JSON.stringify(name)}`,
    'choose one with --namespace',
  );
}
