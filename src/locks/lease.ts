/**
 * The record in a Lease of coordination.k8s.io/v1, as client-go and most others keep it. Compare-and-swap is the
 * server's: every update carries resourceVersion, and uid as well, without which an update of a deleted Lease would
 * create it again. Only the five fields of the record change; all the rest is sent back as it came.
 */
import type { LeaderRecord, Lock, LockFault, RequestOptions, Versioned } from '../election/lock.ts';
import { answerFault, reasonOf, type Action } from '../kube/answer.ts';
import type { Connection } from '../kube/connection.ts';
import type { Answer, Call } from '../kube/exchange.ts';
import type { JsonObject } from '../kube/json.ts';
import { formatMicroTime } from '../kube/micro-time.ts';
import { maxInt32, usable, versioned } from './lease-object.ts';
import { sightings, watchQuery } from './lease-watch.ts';

/** Which Lease, and how to get there. */
export interface LeaseLockOptions {
  readonly connection: Connection;
  readonly namespace: string;
  readonly name: string;
}

const apiGroup = 'coordination.k8s.io';

/** A lock whose record is in a Lease. Beyond network faults it throws what {@link answerFault} makes of an answer. */
export function leaseLock({ connection, namespace, name }: LeaseLockOptions): Lock {
  const leases = `/apis/${apiGroup}/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const lease = `${leases}/${encodeURIComponent(name)}`;

  const newLease = (record: LeaderRecord): JsonObject => ({
    apiVersion: `${apiGroup}/v1`,
    kind: 'Lease',
    metadata: { namespace, name },
    spec: toSpec(record),
  });
  const fault = (verb: Action['verb'], answer: Answer): LockFault =>
    answerFault(answer, { verb, apiGroup, resource: 'leases', namespace }, connection.cluster);
  const send = (call: Call, { signal, fresh }: RequestOptions): Promise<Answer> =>
    connection.request({ ...call, signal, fresh });

  return {
    async read(options) {
      const answer = await send({ method: 'GET', path: lease }, options);
      if (answer.status === 200) return versioned(answer.body);
      if (isNotFound(answer)) return undefined;
      throw fault('get', answer);
    },

    async write(record, basis, options) {
      const call: Call = basis
        ? { method: 'PUT', path: lease, body: replaceRecord(basis, record) }
        : { method: 'POST', path: leases, body: newLease(record) };
      const answer = await send(call, options);
      if (answer.status === 200 || answer.status === 201)
        return { kind: 'written', current: versioned(answer.body) };

      const isConflict = basis
        ? answer.status === 409 || isNotFound(answer)
        : answer.status === 409 && reasonOf(answer) === 'AlreadyExists';
      if (isConflict) return { kind: 'conflict' };
      throw fault(basis ? 'update' : 'create', answer);
    },

    async watch(signal) {
      const path = `${leases}?${watchQuery(name)}`;
      const answer = await connection.stream({ method: 'GET', path, signal });
      if (!('lines' in answer)) throw fault('watch', answer);
      return sightings(answer.lines, name, (event) => fault('watch', event));
    },
  };
}

/** A proxy's 404 page says nothing about the Lease. */
function isNotFound(answer: Answer): boolean {
  return answer.status === 404 && reasonOf(answer) === 'NotFound';
}

function replaceRecord(basis: Versioned, record: LeaderRecord): JsonObject {
  const lease = usable(basis.origin);
  return {
    ...lease,
    metadata: { ...lease.metadata, resourceVersion: basis.version },
    spec: { ...lease.spec, ...toSpec(record) },
  };
}

/** Null is never written: some electors cannot read it. Undefined leaves the field out. */
function toSpec(record: LeaderRecord): JsonObject {
  const { leaseDurationMs, acquireTimeUs, renewTimeUs } = record;
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: leaseDurationMs && Math.ceil(leaseDurationMs / 1_000),
    acquireTime: acquireTimeUs === undefined ? undefined : formatMicroTime(acquireTimeUs),
    renewTime: renewTimeUs === undefined ? undefined : formatMicroTime(renewTimeUs),
    leaseTransitions: Math.min(record.transitions, maxInt32),
  };
}
