import type { Lock } from '../../src/election/lock.ts';
import { leaseLock } from '../../src/locks/lease.ts';
import type { ObjectLockOptions } from '../../src/locks/object-lock.ts';
import { pairLock } from '../../src/locks/pair.ts';
import { annotationKinds, type AnnotationKind } from './annotation-kinds.ts';

/** A lock in an annotation and in a Lease. */
export interface PairKind {
  readonly old: AnnotationKind;
  /** What `--lock-kind` calls it. */
  readonly flag: string;
  /** In a cluster that has both kinds of object. */
  readonly lockIn: (options: ObjectLockOptions) => Lock;
}

export const pairKinds: readonly PairKind[] = annotationKinds.map((old) => ({
  old,
  flag: `${old.flag}+lease`,
  lockIn: (options) => pairLock(old.lockIn(options), leaseLock(options)),
}));
