/**
 * Whom a lock object that we create belongs to: when the owner is deleted, Kubernetes deletes the lock as well. What others
 * have made keeps the owners that it has.
 *
 * Only a claim makes an owner. A leader whose object was deleted puts it back without one: it was deleted because the
 * owner is gone, and would be again and again while the leader drains.
 */
import { LockFault, type LeaderRecord, type RequestOptions } from '../election/lock.ts';
import { answerFault, reasonOf } from '../kube/answer.ts';
import type { Connection } from '../kube/connection.ts';
import { isObject, type JsonObject } from '../kube/json.ts';
import type { Permission } from '../kube/permission.ts';

const kinds = {
  deployment: { apiGroup: 'apps', resource: 'deployments', kind: 'Deployment' },
  statefulset: { apiGroup: 'apps', resource: 'statefulsets', kind: 'StatefulSet' },
  daemonset: { apiGroup: 'apps', resource: 'daemonsets', kind: 'DaemonSet' },
  cronjob: { apiGroup: 'batch', resource: 'cronjobs', kind: 'CronJob' },
  job: { apiGroup: 'batch', resource: 'jobs', kind: 'Job' },
} as const;

export type OwnerKind = keyof typeof kinds;

/** In the namespace of the lock. */
export interface Owner {
  readonly kind: OwnerKind;
  readonly name: string;
}

/** To read it, which tells its uid. */
export function ownerPermission({ kind, name }: Owner): Permission {
  const { apiGroup, resource } = kinds[kind];
  return { verb: 'get', apiGroup, resource, name };
}

/** A claim signs both times in a row, with the process being put aside in between at worst. */
const mostOfClaimUs = 500_000;

/** Whether the record begins a term, rather than going on with one. */
export function isClaim({ acquireTimeUs = 0, renewTimeUs = 0 }: LeaderRecord): boolean {
  return renewTimeUs - acquireTimeUs < mostOfClaimUs;
}

/** The reference as it is in metadata. @throws {LockFault} `unsupported` when there is no such owner */
export async function ownerReference(
  owner: Owner,
  { connection, namespace }: { readonly connection: Connection; readonly namespace: string },
  { signal, fresh }: RequestOptions,
): Promise<JsonObject> {
  const { apiGroup, resource, kind } = kinds[owner.kind];
  const { name } = owner;
  const apiVersion = `${apiGroup}/v1`;
  const path = `/apis/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`;
  const answer = await connection.request({ method: 'GET', path, signal, fresh });
  if (answer.status === 404 && reasonOf(answer) === 'NotFound')
    throw noOwner(kind, name, namespace);
  if (answer.status !== 200)
    throw answerFault(
      answer,
      { verb: 'get', apiGroup, resource, name, namespace },
      connection.cluster,
    );
  const metadata = isObject(answer.body) ? answer.body['metadata'] : undefined;
  const uid = isObject(metadata) ? metadata['uid'] : undefined;
  if (typeof uid !== 'string' || uid === '')
    throw new LockFault('unreachable', `the answer is not a well-formed ${kind}`);
  return { apiVersion, kind, name, uid };
}

function noOwner(kind: string, name: string, namespace: string): LockFault {
  return new LockFault('unsupported', `there is no ${kind} "${name}" in namespace "${namespace}"`, {
    hint: '--owner must name what the lock is to be deleted with',
  });
}
