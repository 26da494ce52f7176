/**
 * The record in an annotation of a ConfigMap, Endpoints or Secret: where electors kept it before there were Leases, and
 * where some still do. Whatever else the object is for goes on undisturbed: data, other annotations, labels.
 *
 * Any change of the object is a new version of the lock, so one that somebody else writes to more often than once per
 * lease duration cannot be taken over from a dead holder. It never makes two lead.
 */
import type { LeaderRecord, Lock } from '../election/lock.ts';
import { isObject, type JsonObject } from '../kube/json.ts';
import { formatRecord, parseRecord } from './annotation-record.ts';
import { annotationsOf, type ObjectKind } from './api-object.ts';
import { resources } from './kinds.ts';
import { objectLock, type ObjectLockOptions } from './object-lock.ts';

/** Where electors of the field look for it. */
export const recordAnnotation = 'control-plane.alpha.kubernetes.io/leader';

/** A lock whose record is in an annotation of a ConfigMap. */
export function configMapLock(options: ObjectLockOptions): Lock {
  return objectLock(annotated('ConfigMap', 'configmap'), options);
}

/** The same of Endpoints, which Kubernetes has deprecated. */
export function endpointsLock(options: ObjectLockOptions): Lock {
  return objectLock(annotated('Endpoints', 'endpoints'), options);
}

/** The same of a Secret, whose content is never shown. */
export function secretLock(options: ObjectLockOptions): Lock {
  const kind = annotated('Secret', 'secret');
  return objectLock({ ...kind, template: { type: 'Opaque' }, isConfidential: true }, options);
}

function annotated(name: string, kind: keyof typeof resources): ObjectKind {
  return {
    name,
    ...resources[kind],
    template: {},
    isConfidential: false,
    isWellFormed: ({ metadata }) => isObject(metadata['annotations'] ?? {}),
    read: (object) => parseRecord(annotationsOf(object)[recordAnnotation]),
    write: withAnnotation,
  };
}

function withAnnotation(object: JsonObject, record: LeaderRecord): JsonObject {
  const annotations = annotationsOf(object);
  const text = formatRecord(record, annotations[recordAnnotation]);
  const metadata = object['metadata'] as JsonObject;
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...annotations, [recordAnnotation]: text } },
  };
}
