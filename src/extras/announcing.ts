/**
 * Events on the lock object about who leads, in the words of client-go's electors:
 *
 *     elected ┄┄ 200 ms ┄┄▶ "X became leader"     lost ──▶ "X lost the lease: …"     release ──▶ "X stopped leading"
 *
 * Best effort, and last in every line. The first waits until the command has long been started. The last is sent when
 * the lock has been handed back, so that the next leader waits for nothing; only our own exit waits for its answer, for
 * at most `farewellMs`. They go one after the other, each in a request of its own, bounded as all are; while one is
 * under way, a renewal opens another connection. A candidate that may not
 * record Events says so once, for the curious, and does not try again.
 */
import type { Clock } from '../election/clock.ts';
import type { Loss } from '../election/events.ts';
import { asFault, type Lock, type LockFault } from '../election/lock.ts';
import type { RunEvent } from '../events.ts';
import { answerFault } from '../kube/answer.ts';
import type { Connection } from '../kube/connection.ts';
import { isObject, type JsonObject } from '../kube/json.ts';
import { hostname } from '../platform/machine.ts';
import { randomHex } from '../platform/random.ts';

interface AnnouncingOptions {
  readonly lock: Lock;
  readonly connection: Connection;
  readonly namespace: string;
  readonly identity: string;
  readonly clock: Clock;
  /** What could not be said, and why. */
  readonly emit: (event: { readonly kind: 'unannounced'; readonly fault: LockFault }) => void;
}

interface Announcing {
  /** The same lock, while we remember the object that it writes to. */
  readonly lock: Lock;
  readonly hear: (event: RunEvent) => void;
  /** Waits for what is under way, but not long. Nothing is said afterwards. */
  readonly end: () => Promise<void>;
}

/** One Event: how grave, and what it says. */
interface Announcement {
  readonly type: 'Normal' | 'Warning';
  readonly message: string;
}

const afterElectionMs = 200;
/** An API server at rest answers in 5 ms, a busy one in 20. */
const farewellMs = 50;

export function announcing(options: AnnouncingOptions): Announcing {
  const { connection, namespace, identity, clock, emit } = options;
  const host = hostname();
  const ended = new AbortController();
  let object: JsonObject | undefined;
  let isAllowed = true;
  let hurry = new AbortController();
  let queue = Promise.resolve();

  const send = async (announcement: Announcement): Promise<void> => {
    if (!object || !isAllowed || ended.signal.aborted) return;
    const { signal } = ended;
    const wallMs = clock.wall();
    // As client-go's begin: sorted by name, Events are in their order.
    const mark = Math.trunc(wallMs).toString(16) + randomHex(4);
    const how = { connection, namespace, host, wallMs, mark, signal };
    try {
      await createEvent(object, announcement, how);
    } catch (thrown) {
      const fault = asFault(thrown);
      isAllowed = fault.kind !== 'denied';
      if (!signal.aborted) emit({ kind: 'unannounced', fault });
    }
  };
  const say = (type: Announcement['type'], what: string): void => {
    queue = queue.then(() => send({ type, message: `${identity} ${what}` }));
  };
  return {
    lock: {
      ...options.lock,
      async write(record, basis, how) {
        const result = await options.lock.write(record, basis, how);
        if (result.kind === 'written') object = objectIn(result.current.origin) ?? object;
        return result;
      },
    },
    hear(event) {
      if (event.kind === 'elected') {
        hurry = new AbortController();
        const { signal } = hurry;
        queue = queue.then(() => clock.sleep(afterElectionMs, signal));
        say('Normal', 'became leader');
      } else if (event.kind === 'lost') {
        hurry.abort();
        say('Warning', `lost the lease: ${reasonOf(event.loss)}`);
      } else if (event.kind === 'release') {
        hurry.abort();
        say('Normal', 'stopped leading');
      }
    },
    async end() {
      hurry.abort();
      const patience = new AbortController();
      const drained = queue.then(() => {
        patience.abort();
      });
      await Promise.race([drained, clock.sleep(farewellMs, patience.signal)]);
      ended.abort();
    },
  };
}

function reasonOf(loss: Loss): string {
  if (loss.kind === 'expired') return 'no renewal was acknowledged in time';
  return loss.kind === 'usurped' ? `${loss.holder} holds it` : loss.fault.message;
}

interface EventOptions {
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
async function createEvent(
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
function objectIn(origin: unknown): JsonObject | undefined {
  if (!isObject(origin)) return undefined;
  if (typeof origin['kind'] === 'string' && isObject(origin['metadata'])) return origin;
  const parts = Object.values(origin).map((part) => (isObject(part) ? part['origin'] : undefined));
  return parts.map(objectIn).findLast((object) => object !== undefined);
}

function referenceTo({ apiVersion, kind, metadata }: JsonObject) {
  const { namespace, name, uid, resourceVersion } = isObject(metadata) ? metadata : {};
  return { apiVersion, kind, namespace, name, uid, resourceVersion };
}
