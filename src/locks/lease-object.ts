/** A Lease as servers send it: whether it can be used at all, and the record in it. */
import { LockFault, type LeaderRecord, type Versioned } from '../election/lock.ts';
import { isObject, type JsonObject } from '../kube/json.ts';
import { parseMicroTime } from '../kube/micro-time.ts';
import { oneLine } from '../kube/one-line.ts';

/** The server keeps duration and transitions as int32, and refuses what does not fit. */
export const maxInt32 = 2 ** 31 - 1;

/** As far as it has to be in order to be written back. */
export interface LeaseObject {
  readonly metadata: JsonObject & { readonly uid: string; readonly resourceVersion: string };
  readonly spec: JsonObject;
}

/** @throws {LockFault} as {@link usable} does */
export function versioned(body: unknown): Versioned {
  const lease = usable(body);
  return { record: toRecord(lease.spec), version: lease.metadata.resourceVersion, origin: lease };
}

/** Others write null or leave fields out. What is not there, or makes no sense, is not known. */
function toRecord(spec: JsonObject): LeaderRecord {
  const { holderIdentity, leaseDurationSeconds: seconds, leaseTransitions } = spec;
  const isDuration = typeof seconds === 'number' && seconds > 0 && seconds <= maxInt32;
  return {
    holder: typeof holderIdentity === 'string' ? holderIdentity : '',
    leaseDurationMs: isDuration ? seconds * 1_000 : undefined,
    acquireTimeUs: parseMicroTime(spec['acquireTime']),
    renewTimeUs: parseMicroTime(spec['renewTime']),
    transitions: isCount(leaseTransitions) ? leaseTransitions : 0,
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** @throws {LockFault} when this is no Lease that can be written back, or none that is ours to write */
export function usable(body: unknown): LeaseObject {
  const lease = wellFormed(body);
  const { strategy } = lease.spec;
  if (strategy === undefined || strategy === null || strategy === '') return lease;
  throw new LockFault(
    'unsupported',
    oneLine(
      `the Lease is under coordinated leader election (spec.strategy ${JSON.stringify(strategy)})`,
    ),
    { hint: 'use another lock, or remove spec.strategy' },
  );
}

/** @throws {LockFault} `unreachable` when this is no Lease, whosever it may be */
export function wellFormed(body: unknown): LeaseObject {
  if (isLease(body)) return body;
  throw new LockFault('unreachable', 'the answer is not a well-formed Lease');
}

function isLease(body: unknown): body is LeaseObject & JsonObject {
  if (!isObject(body) || !isObject(body['metadata']) || !isObject(body['spec'])) return false;
  return isWord(body['metadata']['uid']) && isWord(body['metadata']['resourceVersion']);
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
