/** A Kubernetes Event: what is said, about which object, by whom. */
import { answerFault } from './answer.ts';
import type { Connection } from './connection.ts';
import { isObject, type JsonObject } from './json.ts';

export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  readonly message: string;
}

export interface EventOptions {
  readonly connection: Connection;
  readonly namespace: string;
  /** Where we run. */
  readonly host: string;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  /** Makes the name of an Event different from that of every other. */
  readonly mark: string;
  readonly signal: AbortSignal;
}

/** As client-go's electors say it. */
const reason = 'LeaderElection';
const component = 'k8s-leader';
const longestMessage = 1_024;
/** A name has 253 characters; the mark and a dot need some. */
const longestLock = 200;

/** Says it about an object as the server has sent it. @throws {LockFault} when it was not taken */
export async function createEvent(
  object: JsonObject,
  { type, message }: Announcement,
  options: EventOptions,
): Promise<void> {
  const { connection, namespace, host, mark, signal } = options;
  const involvedObject = referenceTo(object);
  const time = new Date(options.wallMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${String(involvedObject.name).slice(0, longestLock)}.${mark}`, namespace },
    involvedObject,
    reason,
    message: message.slice(0, longestMessage),
    type,
    source: { component, host },
    reportingComponent: component,
    reportingInstance: host,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  const answer = await connection.request({ method: 'POST', path, body: event, signal });
  const action = { verb: 'create', apiGroup: '', resource: 'events', namespace } as const;
  if (answer.status !== 201) throw answerFault(answer, action, connection.cluster);
}

/** The object that a lock writes to. Of several, the last: that of the newest kind. */
export function objectIn(origin: unknown): JsonObject | undefined {
  if (!isObject(origin)) return undefined;
  if (typeof origin['kind'] === 'string' && isObject(origin['metadata'])) return origin;
  const parts = Object.values(origin).map((part) => (isObject(part) ? part['origin'] : undefined));
  return parts.map(objectIn).findLast((object) => object !== undefined);
}

function referenceTo({ apiVersion, kind, metadata }: JsonObject) {
  const { namespace, name, uid, resourceVersion } = isObject(metadata) ? metadata : {};
  return { apiVersion, kind, namespace, name, uid, resourceVersion };
}
