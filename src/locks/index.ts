/** Which lock a command line means. Each backend's code is loaded only when it is chosen. */
import type { Lock } from '../election/lock.ts';
import type { Connection } from '../kube/connection.ts';
import type { Given } from '../kube/given.ts';
import { exists } from '../platform/files-now.ts';
import type { ObjectLockOptions } from './object-lock.ts';
import type { Owner } from './owner.ts';

type AnnotationKind = 'configmap' | 'endpoints' | 'secret';

interface LockChoice {
  readonly backend: 'kubernetes' | 'local';
  /** Of the object in the cluster. */
  readonly lockKind: 'lease' | AnnotationKind | `${AnnotationKind}+lease`;
  readonly lock: string;
  readonly namespace: string | undefined;
  readonly localFile: string | undefined;
  /** Of the object in the cluster, when it is we who create it. */
  readonly owner?: Owner | undefined;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly given?: Given;
  readonly requestTimeoutMs: number;
  readonly userAgent: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The same lock, kept in an object of another kind. */
export interface OtherKind {
  /** Of the kind. */
  readonly name: string;
  /** What keeps it in both. */
  readonly migration: string;
  readonly lock: Lock;
}

export interface OpenLock {
  readonly lock: Lock;
  readonly namespace: string;
  /** Where others that mean the same lock may keep it, unseen by those of this kind. */
  readonly others: () => Promise<readonly OtherKind[]>;
  /** To the cluster that the lock is in, for whoever has more to do there. */
  readonly connection?: Connection;
  /** Lets go of connections; the lock is of no use afterwards. */
  readonly close: () => void;
}

/** Finds the lock without touching it. @throws {ExpectedError} when there is no way to it */
export async function openLock(choice: LockChoice, signal: AbortSignal): Promise<OpenLock> {
  return choice.backend === 'local' ? await openLocal(choice) : await openObject(choice, signal);
}

async function openLocal({ lock: name, localFile, env, ...choice }: LockChoice): Promise<OpenLock> {
  const { localLock, defaultLocalFile } = await import('./local.ts');
  const namespace = choice.namespace ?? 'default';
  const file = localFile ?? defaultLocalFile(env);
  return {
    lock: localLock({ file, namespace, name }),
    namespace,
    others: () => Promise.resolve([]),
    close: () => undefined,
  };
}

async function openObject(choice: LockChoice, signal: AbortSignal): Promise<OpenLock> {
  const { loadCluster } = await import('../kube/config.ts');
  const { connect } = await import('../kube/connection.ts');
  const { chooseNamespace } = await import('../kube/config.ts');
  const lockIn = await loadKind(choice.lockKind);
  const cluster = await loadCluster({ ...choice, signal });
  const namespace = chooseNamespace({
    flag: choice.namespace,
    env: choice.env,
    cluster: cluster.namespace,
  });
  const connection = connect(cluster, choice);
  const at = { connection, namespace, name: choice.lock, owner: choice.owner };
  return {
    lock: lockIn(at),
    namespace,
    connection,
    others: () => othersThan(choice.lockKind, at),
    close: () => {
      connection.close();
    },
  };
}

/** What makes a lock of that kind, over any connection. */
export async function loadKind(
  kind: LockChoice['lockKind'],
): Promise<(at: ObjectLockOptions) => Lock> {
  switch (kind) {
    case 'lease':
      return (await import('./lease.ts')).leaseLock;
    case 'configmap':
      return (await import('./annotation.ts')).configMapLock;
    case 'endpoints':
      return (await import('./annotation.ts')).endpointsLock;
    case 'secret':
      return (await import('./annotation.ts')).secretLock;
    case 'configmap+lease':
      return loadPair('configmap');
    case 'endpoints+lease':
      return loadPair('endpoints');
    case 'secret+lease':
      return loadPair('secret');
  }
}

async function loadPair(old: AnnotationKind): Promise<(at: ObjectLockOptions) => Lock> {
  const { pairLock } = await import('./pair.ts');
  const [first, second] = [await loadKind(old), await loadKind('lease')];
  return (at) => pairLock(first(at), second(at));
}

/** A Lease may have been an annotation before, and the other way round; who knows both has nothing to look for. */
async function othersThan(
  kind: LockChoice['lockKind'],
  at: ObjectLockOptions,
): Promise<readonly OtherKind[]> {
  if (kind.includes('+')) return [];
  if (kind !== 'lease')
    return [{ name: 'Lease', migration: `${kind}+lease`, lock: (await loadKind('lease'))(at) }];
  const { configMapLock, endpointsLock } = await import('./annotation.ts');
  return [
    { name: 'ConfigMap', migration: 'configmap+lease', lock: configMapLock(at) },
    { name: 'Endpoints', migration: 'endpoints+lease', lock: endpointsLock(at) },
  ];
}

/** The same lock for a command that only looks: it does not create a local lock's file, as a candidate does. */
export async function onlyExisting(
  lock: Lock,
  { backend, localFile, env }: Pick<LockChoice, 'backend' | 'localFile' | 'env'>,
): Promise<Lock> {
  if (backend !== 'local') return lock;
  const { defaultLocalFile } = await import('./local.ts');
  const file = localFile ?? defaultLocalFile(env);
  return { ...lock, read: async (how) => (exists(file) ? lock.read(how) : undefined) };
}
