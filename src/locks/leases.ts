/** All Leases of a namespace or of the cluster, as records. */
import { LockFault, type Versioned } from '../election/lock.ts';
import { answerFault } from '../kube/answer.ts';
import type { Connection } from '../kube/connection.ts';
import { isObject } from '../kube/json.ts';
import { leaseSeen } from './lease.ts';

export interface ListedLease {
  readonly name: string;
  readonly namespace: string;
  readonly seen: Versioned;
}

/** Each node renews a Lease of its own there. */
const nodes = 'kube-node-lease';
const mostAtOnce = 500;

/** By namespace and name. One that is no lock for us, such as under coordinated election, is left out. @throws {LockFault} */
export async function leasesAt(
  {
    connection,
    namespace,
  }: { readonly connection: Connection; readonly namespace: string | undefined },
  signal: AbortSignal,
): Promise<ListedLease[]> {
  const below = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const leases: ListedLease[] = [];
  let next = '';
  do {
    const path = `/apis/coordination.k8s.io/v1${below}/leases?limit=${String(mostAtOnce)}${next}`;
    const answer = await connection.request({ method: 'GET', path, signal });
    const action = { verb: 'list', apiGroup: 'coordination.k8s.io', resource: 'leases' } as const;
    if (answer.status !== 200)
      throw answerFault(answer, { ...action, namespace: namespace ?? '*' }, connection.cluster);
    const { items, metadata } = isObject(answer.body) ? answer.body : {};
    if (!Array.isArray(items))
      throw new LockFault('unreachable', 'the answer is no list of Leases');
    leases.push(...items.flatMap(listed));
    const token = isObject(metadata) ? metadata['continue'] : undefined;
    next =
      typeof token === 'string' && token !== '' ? `&continue=${encodeURIComponent(token)}` : '';
  } while (next !== '');
  return leases.filter((lease) => namespace !== undefined || lease.namespace !== nodes);
}

function listed(item: unknown): ListedLease[] {
  try {
    const { name, namespace } = (item as { metadata: { name: unknown; namespace: unknown } })
      .metadata;
    if (typeof name !== 'string' || typeof namespace !== 'string') return [];
    return [{ name, namespace, seen: leaseSeen(item) }];
  } catch {
    return [];
  }
}
