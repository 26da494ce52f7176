/**
 * The locks, as the library's callers name them: made at once, connected and loaded on first use. What they do then is in
 * `locks/`, the same for the command.
 */
import { LockFault, type Lock } from '../election/lock.ts';
import type { ObjectLockOptions as Place } from '../locks/object-lock.ts';
import { lockNameProblem, namespaceProblem } from '../names.ts';
import { asLockFault, defaultCluster, type ClusterHandle } from './cluster.ts';
import { processEnvironment } from './surroundings.ts';

/** Which object of a cluster. */
export interface ObjectLockOptions {
  /** A DNS-1123 subdomain. The object is created when it does not exist. */
  readonly name: string;
  /** Default: `$POD_NAMESPACE`, the pod's own, the context's, `default`. */
  readonly namespace?: string | undefined;
  /** Default: the cluster that kubectl would use here, one handle for all of this process. */
  readonly cluster?: ClusterHandle | undefined;
}

/** Which lock of which file. */
export interface LocalLockOptions {
  /** A DNS-1123 subdomain. */
  readonly name: string;
  /** Default: `default`. */
  readonly namespace?: string | undefined;
  /** It, and a folder FILE.d beside it, are made when they do not exist. Default: `$XDG_STATE_HOME/k8s-leader/locks`. */
  readonly file?: string | undefined;
}

/**
 * A lock whose record is in a Lease of `coordination.k8s.io/v1`, as that of most electors. Needs the verbs get, create
 * and update, and should have watch: without it, it polls. @throws {RangeError} when it cannot be called that
 */
export function leaseLock(options: ObjectLockOptions): Lock {
  return objectLock(options, async () => (await import('../locks/lease.ts')).leaseLock);
}

/**
 * A lock whose record is in the annotation `control-plane.alpha.kubernetes.io/leader` of a ConfigMap, where electors kept
 * it before there were Leases, and Python's still may. All else in the object survives. @throws {RangeError} as above
 */
export function configMapLock(options: ObjectLockOptions): Lock {
  return objectLock(options, async () => (await annotation()).configMapLock);
}

/** The same in Endpoints, which Kubernetes has deprecated. @throws {RangeError} as above */
export function endpointsLock(options: ObjectLockOptions): Lock {
  return objectLock(options, async () => (await annotation()).endpointsLock);
}

/** The same in a Secret, whose content is never shown. @throws {RangeError} as above */
export function secretLock(options: ObjectLockOptions): Lock {
  return objectLock(options, async () => (await annotation()).secretLock);
}

/** A lock among the processes of one user on this machine, in a file. @throws {RangeError} as above */
export function localLock({ name, namespace = 'default', file }: LocalLockOptions): Lock {
  refuse(lockNameProblem(name), namespaceProblem(namespace));
  return watchable(async () => {
    const { defaultLocalFile, localLock: lockIn } = await import('../locks/local.ts');
    return lockIn({ file: file ?? defaultLocalFile(processEnvironment()), namespace, name });
  });
}

const annotation = () => import('../locks/annotation.ts');

function objectLock(
  { name, namespace, cluster = defaultCluster() }: ObjectLockOptions,
  load: () => Promise<(place: Place) => Lock>,
): Lock {
  refuse(lockNameProblem(name), namespace === undefined ? undefined : namespaceProblem(namespace));
  return watchable(async (signal) => {
    const lockIn = await load();
    const connection = await cluster.connection(signal);
    const { chooseNamespace } = await import('../kube/config.ts');
    const given = { flag: namespace, env: processEnvironment() };
    const chosen = chooseNamespace({ ...given, cluster: connection.cluster.namespace });
    return lockIn({ connection, namespace: chosen, name });
  });
}

/** Opened by the first request that can; an attempt that failed is followed by another. */
function watchable(open: (signal: AbortSignal) => Promise<Lock>): Lock {
  let lock: Lock | undefined;
  const opened = async (signal: AbortSignal) => (lock ??= await open(signal).catch(asLockFault));
  return {
    read: async (how) => (await opened(how.signal)).read(how).catch(asLockFault),
    write: async (record, basis, how) =>
      (await opened(how.signal)).write(record, basis, how).catch(asLockFault),
    watch: async (signal) => {
      const sightings = (await opened(signal)).watch?.(signal);
      if (!sightings) throw new LockFault('unsupported', 'this lock cannot be watched');
      return sightings;
    },
  };
}

function refuse(...problems: readonly (string | undefined)[]): void {
  const problem = problems.find((each) => each !== undefined);
  if (problem !== undefined) throw new RangeError(problem);
}
