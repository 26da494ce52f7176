/** A cluster, as the library's callers hold on to it. All of `kube/` is loaded when a lock first needs it. */
import { LockFault } from '../election/lock.ts';
import { ExpectedError } from '../errors.ts';
import type { Connection } from '../kube/connection.ts';
import { version } from '../version.ts';
import type { SharedCluster } from './shared-cluster.ts';
import { processEnvironment } from './surroundings.ts';

/** Which cluster. Found as kubectl does: `kubeconfig`, `$KUBECONFIG`, the pod's service account, `~/.kube/config`. */
export interface ClusterOptions {
  /** The file to use, and no other. */
  readonly kubeconfig?: string | undefined;
  /** The context to use instead of the current one; rules out the pod's service account. */
  readonly context?: string | undefined;
  /** How the server sees us in its audit log. Default: `k8s-leader/<version>`. */
  readonly userAgent?: string | undefined;
}

/** Every elector bounds its own requests; this only ends what nobody would end otherwise. */
const requestTimeoutMs = 60_000;

/** A way to a cluster. Its locks share one connection, and one more for each watch. */
export class ClusterHandle {
  readonly #options: ClusterOptions;
  #shared: Promise<SharedCluster> | undefined;

  /** @internal */
  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /**
   * Ends what is under way; the locks are of no use afterwards. Rarely needed: what is idle keeps no process alive.
   */
  async close(): Promise<void> {
    (await (this.#shared ??= this.#load())).close();
  }

  /** @internal @throws {LockFault} `unsupported` when there is no way to the cluster */
  async connection(signal: AbortSignal): Promise<Connection> {
    this.#shared ??= this.#load();
    return this.#shared.then((shared) => shared.connection(signal)).catch(asLockFault);
  }

  async #load(): Promise<SharedCluster> {
    const { SharedCluster } = await import('./shared-cluster.ts');
    const { kubeconfig, context, userAgent = `k8s-leader/${version}` } = this.#options;
    const env = processEnvironment();
    return new SharedCluster({ kubeconfig, context, userAgent, env, requestTimeoutMs });
  }
}

/** Prepares a way to a cluster; nothing is read or sent before a lock needs it. */
export function openCluster(options: ClusterOptions = {}): ClusterHandle {
  return new ClusterHandle(options);
}

let shared: ClusterHandle | undefined;

/** The cluster that this process would find without being told anything: one for all who do not say more. */
export function defaultCluster(): ClusterHandle {
  return (shared ??= openCluster());
}

/** A configuration that leads nowhere does not heal by waiting. Hints that speak of the command's flags are left out. */
export function asLockFault(thrown: unknown): never {
  if (thrown instanceof ExpectedError)
    throw new LockFault('unsupported', thrown.message, { cause: thrown });
  if (thrown instanceof LockFault && thrown.hint?.includes(' --'))
    throw new LockFault(thrown.kind, thrown.message, { cause: thrown });
  throw thrown;
}
