import type { Lock } from '../../src/election/lock.ts';
import { configMapLock, endpointsLock, secretLock } from '../../src/locks/annotation.ts';
import type { ObjectLockOptions } from '../../src/locks/object-lock.ts';
import type { Json, Resource } from '../kube/lease-store.ts';

/** A kind of object that can carry the record in an annotation. */
export interface AnnotationKind {
  readonly kind: string;
  /** What `--lock-kind` calls it. */
  readonly flag: string;
  readonly resource: Resource;
  readonly lockIn: (options: ObjectLockOptions) => Lock;
  /** What such an object is for, apart from being a lock. */
  readonly content: Json;
}

export const annotationKinds: readonly AnnotationKind[] = [
  {
    kind: 'ConfigMap',
    flag: 'configmap',
    resource: 'configmaps',
    lockIn: configMapLock,
    content: { data: { a: 'größe\n' }, binaryData: { b: 'AAEC' }, immutable: true },
  },
  {
    kind: 'Endpoints',
    flag: 'endpoints',
    resource: 'endpoints',
    lockIn: endpointsLock,
    content: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
  },
  {
    kind: 'Secret',
    flag: 'secret',
    resource: 'secrets',
    lockIn: secretLock,
    content: { type: 'example.com/t', data: { password: 'aHVudGVyMg==' }, immutable: true },
  },
];
