/**
 * The record in an API object. Compare-and-swap is the server's: every update carries resourceVersion, and uid as well,
 * without which an update of a deleted object would create it again. Only the record and the notes change; all the rest
 * is sent back as it came, and so is a record that already says what is to be written.
 */
import type { LeaderRecord, Lock, LockFault, RequestOptions, Versioned } from '../election/lock.ts';
import { recordAfter } from '../election/record.ts';
import { answerFault, isRefusedByRbac, reasonOf, type Action } from '../kube/answer.ts';
import type { Connection } from '../kube/connection.ts';
import type { Answer, Call } from '../kube/exchange.ts';
import { isObject, type JsonObject } from '../kube/json.ts';
import { annotationsOf, versioned, wellFormed, type ObjectKind } from './api-object.ts';
import { sightings, watchQuery } from './object-watch.ts';
import { isClaim, ownerReference, type Owner } from './owner.ts';
import { withNotes } from './note-fields.ts';

/** Which object, and how to get there. */
export interface ObjectLockOptions {
  readonly connection: Connection;
  readonly namespace: string;
  readonly name: string;
  /** Of an object that we create. Default: nobody. */
  readonly owner?: Owner | undefined;
}

/** On what we create, and on nothing that others have made. */
const labels = {
  'app.kubernetes.io/managed-by': 'k8s-leader',
  'app.kubernetes.io/component': 'leader-election',
};

/**
 * A lock whose record is in an object of that kind. Beyond network faults it throws what {@link answerFault} makes of
 * an answer.
 */
export function objectLock(kind: ObjectKind, options: ObjectLockOptions): Lock {
  const { connection, namespace, name, owner } = options;
  const { apiGroup, resource } = kind;
  const [root, apiVersion] = apiGroup === '' ? ['api', 'v1'] : ['apis', `${apiGroup}/v1`];
  const all = `/${root}/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${resource}`;
  const one = `${all}/${encodeURIComponent(name)}`;
  /** An object that is to be created. @throws {LockFault} when it is to have an owner who is not there */
  const created = async (record: LeaderRecord, how: RequestOptions): Promise<JsonObject> => {
    const owned =
      owner && isClaim(record)
        ? { ownerReferences: [await ownerReference(owner, options, how)] }
        : {};
    const metadata = { namespace, name, labels, ...owned };
    const blank = { apiVersion, kind: kind.name, metadata, ...kind.template };
    return noted(kind.write(blank, record), record);
  };

  const fault = (verb: Action['verb'], answer: Answer): LockFault => {
    const said = kind.isConfidential && verb === 'update' ? withoutQuotes(answer) : answer;
    return answerFault(said, { verb, apiGroup, resource, namespace }, connection.cluster);
  };
  const send = (call: Call, { signal, fresh }: RequestOptions): Promise<Answer> =>
    connection.request({ ...call, signal, fresh });

  return {
    async read(how) {
      const answer = await send({ method: 'GET', path: one }, how);
      if (answer.status === 200) return versioned(kind, answer.body);
      if (isNotFound(answer)) return undefined;
      throw fault('get', answer);
    },

    async write(record, basis, how) {
      const call: Call = basis
        ? { method: 'PUT', path: one, body: replaceRecord(kind, basis, record) }
        : { method: 'POST', path: all, body: await created(record, how) };
      const answer = await send(call, how);
      if (answer.status === 200 || answer.status === 201)
        return { kind: 'written', current: versioned(kind, answer.body) };

      const isConflict = basis
        ? answer.status === 409 || isNotFound(answer)
        : answer.status === 409 && reasonOf(answer) === 'AlreadyExists';
      if (isConflict) return { kind: 'conflict' };
      throw fault(basis ? 'update' : 'create', answer);
    },

    async watch(signal) {
      const path = `${all}?${watchQuery(name)}`;
      const answer = await connection.stream({ method: 'GET', path, signal });
      if (!('lines' in answer)) throw fault('watch', answer);
      return sightings(kind, name, {
        lines: answer.lines,
        fault: (event) => fault('watch', event),
      });
    },
  };
}

/** A proxy's 404 page says nothing about the object. */
function isNotFound(answer: Answer): boolean {
  return answer.status === 404 && reasonOf(answer) === 'NotFound';
}

function replaceRecord(kind: ObjectKind, basis: Versioned, record: LeaderRecord): JsonObject {
  const object = wellFormed(kind, basis.origin);
  const metadata = { ...object.metadata, resourceVersion: basis.version };
  const current = { ...object, metadata };
  const isSaid = isSameRecord(record, basis.record);
  const said = isSaid ? current : kind.write(current, record);
  return noted(said, recordAfter(record, basis.record));
}

function noted(object: JsonObject, record: LeaderRecord): JsonObject {
  const annotations = annotationsOf(object);
  const notes = withNotes(annotations, record);
  if (notes === annotations) return object;
  return {
    ...object,
    metadata: { ...(object['metadata'] as JsonObject), annotations: notes },
  };
}

function isSameRecord(one: LeaderRecord, other: LeaderRecord): boolean {
  return (
    one.holder === other.holder &&
    one.leaseDurationMs === other.leaseDurationMs &&
    one.acquireTimeUs === other.acquireTimeUs &&
    one.renewTimeUs === other.renewTimeUs &&
    one.transitions === other.transitions
  );
}

/** A webhook or server that refuses an update may quote what was in it. Only RBAC is known to speak of nothing but who may do what. */
function withoutQuotes(answer: Answer): Answer {
  const { body, status } = answer;
  if (status === 401 || isRefusedByRbac(answer)) return answer;
  const message = 'its message is hidden because it may quote the Secret';
  return { ...answer, body: { ...(isObject(body) ? body : {}), kind: 'Status', message } };
}
