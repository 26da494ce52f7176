/** What the in-process API server knows, and the rules by which the real one lets Leases be written. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

/** Of the kinds of object that can be served, in the core group but for the first. */
export type Resource = 'leases' | 'configmaps' | 'endpoints' | 'secrets';
const microTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;

export type Json = Record<string, unknown>;
export type Answer = [status: number, body: Json];

export interface LeaseRequest {
  readonly method: string;
  readonly path: string;
  /** Parsed; undefined when there was none. */
  readonly body: unknown;
}

/** One line of a watch. */
export interface LeaseEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Json;
}

/** The objects of one kind on a server, Leases by default, with the rules of the API server for writing them. */
export class LeaseStore {
  /** `default` exists at first. */
  readonly namespaces = new Map<string, 'active' | 'terminating'>([['default', 'active']]);
  readonly #resource: Resource;
  readonly #path: RegExp;
  readonly #leases = new Map<string, Json>();
  readonly #watches = new Set<(event: LeaseEvent) => void>();
  #version = 1_000;

  constructor(resource: Resource = 'leases') {
    const root = resource === 'leases' ? 'apis/coordination\\.k8s\\.io' : 'api';
    this.#resource = resource;
    this.#path = new RegExp(`^/${root}/v1/namespaces/([^/]+)/${resource}(?:/([^/]+))?$`);
  }

  get(name: string, namespace = 'default'): Json | undefined {
    return this.#leases.get(`${namespace}/${name}`);
  }

  /** Stores an object as it is, a new version of it, and with a uid if it has none. */
  put(name: string, lease: Json, namespace = 'default'): Json {
    const metadata = { uid: randomUUID(), ...(lease['metadata'] as Json | undefined) };
    const resourceVersion = String(++this.#version);
    const stored = { ...lease, metadata: { ...metadata, name, namespace, resourceVersion } };
    const type = this.get(name, namespace) ? 'MODIFIED' : 'ADDED';
    this.#leases.set(`${namespace}/${name}`, stored);
    this.#tell({ type, object: stored });
    return stored;
  }

  remove(name: string, namespace = 'default'): void {
    const resourceVersion = String(++this.#version);
    const last = this.get(name, namespace);
    this.#leases.delete(`${namespace}/${name}`);
    const metadata = { ...(last?.['metadata'] as Json | undefined), resourceVersion };
    if (last) this.#tell({ type: 'DELETED', object: { ...last, metadata } });
  }

  /** What a watch with that URL shows: what there is, then what changes, until the result is called. No watch: undefined. */
  watch(url: string, show: (event: LeaseEvent) => void): (() => void) | undefined {
    const { pathname, searchParams } = new URL(url, 'https://kube');
    const [, namespace, inPath] = this.#path.exec(decodeURIComponent(pathname)) ?? [];
    if (namespace === undefined || inPath || searchParams.get('watch') !== '1') return undefined;
    const name = searchParams.get('fieldSelector')?.replace(/^metadata\.name=/, '');
    const showOurs = (event: LeaseEvent): void => {
      const metadata = event.object['metadata'] as Json;
      if (metadata['namespace'] === namespace && (!name || metadata['name'] === name)) show(event);
    };
    for (const object of this.#leases.values()) showOurs({ type: 'ADDED', object });
    this.#watches.add(showOurs);
    return () => void this.#watches.delete(showOurs);
  }

  #tell(event: LeaseEvent): void {
    for (const show of this.#watches) show(event);
  }

  answer({ method, path: url, body }: LeaseRequest): Answer {
    const [, namespace, inPath] = this.#path.exec(decodeURIComponent(url)) ?? [];
    if (namespace === undefined) return status(404, 'NotFound', 'the server could not find it');
    const sent = (body ?? {}) as { metadata?: Json; spec?: Json };
    const name = inPath ?? String(sent.metadata?.['name']);
    const current = this.get(name, namespace);
    if (method === 'GET') return current ? [200, current] : notFound(this.#resource, name);

    const garbage = [sent.spec?.['acquireTime'], sent.spec?.['renewTime']].find(
      (time) =>
        time !== undefined && time !== null && !(typeof time === 'string' && microTime.test(time)),
    );
    if (garbage !== undefined)
      return status(400, 'BadRequest', `cannot parse ${JSON.stringify(garbage)}`);
    const seconds = sent.spec?.['leaseDurationSeconds'];
    if (typeof seconds === 'number' && !(Number.isInteger(seconds) && seconds > 0))
      return status(422, 'Invalid', 'spec.leaseDurationSeconds: must be greater than 0');

    return method === 'POST'
      ? this.#create(namespace, name, sent)
      : this.#update(namespace, name, sent);
  }

  #create(namespace: string, name: string, sent: Json): Answer {
    if (!this.namespaces.has(namespace)) return notFound('namespaces', namespace);
    if (this.namespaces.get(namespace) === 'terminating')
      return status(
        403,
        'Forbidden',
        `unable to create new content in namespace ${namespace} because it is being terminated`,
        { causes: [{ reason: 'NamespaceTerminating' }] },
      );
    if (this.get(name, namespace))
      return status(409, 'AlreadyExists', `${this.#resource} "${name}" already exists`);
    return [201, this.put(name, sent, namespace)];
  }

  #update(namespace: string, name: string, sent: Json): Answer {
    const { uid, resourceVersion } = (sent['metadata'] ?? {}) as Json;
    const current = this.get(name, namespace);
    const conflict = status(
      409,
      'Conflict',
      `Operation cannot be fulfilled on ${this.#resource} "${name}"`,
    );
    if (!current) return uid ? conflict : [201, this.put(name, sent, namespace)];
    if (!resourceVersion) return status(422, 'Invalid', 'resourceVersion: must be specified');
    const metadata = current['metadata'] as Json;
    if (resourceVersion !== metadata['resourceVersion']) return conflict;
    if (uid && uid !== metadata['uid']) return conflict;
    // Writing what is there already is no write.
    return [200, isDeepStrictEqual(sent, current) ? current : this.put(name, sent, namespace)];
  }
}

/** An answer that says what went wrong, as the server words it. */
export function status(code: number, reason: string, message: string, details: Json = {}): Answer {
  const fixed = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };
  return [code, { ...fixed, message, reason, details, code }];
}

function notFound(kind: string, name: string): Answer {
  return status(404, 'NotFound', `${kind} "${name}" not found`, { name, kind });
}
