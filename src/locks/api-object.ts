/** An API object that has a record in it: what each kind says about itself, and what all have in common. */
import { LockFault, type LeaderRecord, type Versioned } from '../election/lock.ts';
import { isObject, type JsonObject } from '../kube/json.ts';
import { notesIn } from './note-fields.ts';

/** As far as it has to be in order to be written back. */
type ApiObject = JsonObject & {
  readonly metadata: JsonObject & { readonly uid: string; readonly resourceVersion: string };
};

/** A kind of API object, and where in it the record is. */
export interface ObjectKind {
  readonly name: string;
  /** Empty for the core group. */
  readonly apiGroup: string;
  /** The plural, as in paths and in the rules of RBAC. */
  readonly resource: string;
  /** What a new one needs beside its name and the record. */
  readonly template: JsonObject;
  /** Nothing that the server says about its content may be repeated. */
  readonly isConfidential: boolean;
  /** Whether what lies around the record is of the right form. The record itself may be anything. */
  readonly isWellFormed: (object: ApiObject) => boolean;
  /** @throws {LockFault} `unsupported` when the object is not ours to write */
  readonly read: (object: ApiObject) => LeaderRecord;
  /** The object with that record, and all the rest as it was. @throws {LockFault} as `read` does */
  readonly write: (object: JsonObject, record: LeaderRecord) => JsonObject;
}

/** @throws {LockFault} `unreachable` when this is no such object, and as the kind's `read` does */
export function versioned(kind: ObjectKind, body: unknown): Versioned {
  const object = wellFormed(kind, body);
  const { resourceVersion: version, uid } = object.metadata;
  const record = { ...kind.read(object), ...notesIn(annotationsOf(object)) };
  return { record, version, origin: object, uid };
}

/** @throws {LockFault} `unreachable` when this is no such object, whosever it may be */
export function wellFormed(kind: ObjectKind, body: unknown): ApiObject {
  if (isApiObject(body) && kind.isWellFormed(body)) return body;
  throw new LockFault('unreachable', `the answer is not a well-formed ${kind.name}`);
}

/** None when they are not of the right form. */
export function annotationsOf({ metadata }: JsonObject): JsonObject {
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  return isObject(annotations) ? annotations : {};
}

function isApiObject(body: unknown): body is ApiObject {
  if (!isObject(body) || !isObject(body['metadata'])) return false;
  return isWord(body['metadata']['uid']) && isWord(body['metadata']['resourceVersion']);
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
