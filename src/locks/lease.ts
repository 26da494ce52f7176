/** The record in the spec of a Lease of coordination.k8s.io/v1, as client-go and most others keep it. */
import { LockFault, type Lock, type Versioned } from '../election/lock.ts';
import { isObject, type JsonObject } from '../kube/json.ts';
import { oneLine } from '../text.ts';
import { versioned, type ObjectKind } from './api-object.ts';
import { resources } from './kinds.ts';
import { objectLock, type ObjectLockOptions } from './object-lock.ts';
import { fieldsOf, recordFrom } from './record-fields.ts';

/** A lock whose record is in a Lease. */
export function leaseLock(options: ObjectLockOptions): Lock {
  return objectLock(leaseKind, options);
}

/** A Lease as the server has it, and its record. @throws {LockFault} as reading a lock does */
export function leaseSeen(body: unknown): Versioned {
  return versioned(leaseKind, body);
}

const leaseKind: ObjectKind = {
  name: 'Lease',
  ...resources.lease,
  template: { spec: {} },
  isConfidential: false,
  isWellFormed: ({ spec }) => isObject(spec),
  read(lease) {
    const spec = specOf(lease);
    const { holderIdentity, leaseDurationSeconds: seconds, leaseTransitions: transitions } = spec;
    const holder = typeof holderIdentity === 'string' ? holderIdentity : '';
    return recordFrom(spec, { holder, seconds, transitions });
  },
  write: (lease, record) => ({
    ...lease,
    spec: { ...specOf(lease), ...fieldsOf(record, 'leaseTransitions') },
  }),
};

/** @throws {LockFault} when it is not ours to write */
function specOf({ spec }: JsonObject): JsonObject {
  if (!isObject(spec)) return {};
  const { strategy } = spec;
  if (strategy === undefined || strategy === null || strategy === '') return spec;
  throw new LockFault(
    'unsupported',
    oneLine(
      `the Lease is under coordinated leader election (spec.strategy ${JSON.stringify(strategy)})`,
    ),
    { hint: 'use another lock, or remove spec.strategy' },
  );
}
