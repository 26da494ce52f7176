/**
 * Events on the lock object about who leads, in the words of client-go's electors:
 *
 *     elected ┄┄ 200 ms ┄┄▶ "X became leader"     lost ──▶ "X lost the lease: …"     release ──▶ "X stopped leading"
 *
 * Best effort, and last in every line. The first waits until the command has long been started. The last is sent when
 * the lock has been handed back, so that the next leader waits for nothing; only our own exit waits for its answer, for
 * at most {@link farewellMs}. They go one after the other, each in a request of its own, bounded as all are; while one is
 * under way, a renewal opens another connection. Who is not allowed to say anything says so once, for the curious, and
 * does not try again.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../election/clock.ts';
import type { ElectionEvent, Loss } from '../election/events.ts';
import { asFault, type Lock, type LockFault } from '../election/lock.ts';
import type { Connection } from './connection.ts';
import { createEvent, objectIn, type Announcement } from './event.ts';
import type { JsonObject } from './json.ts';

export interface AnnouncingOptions {
  readonly lock: Lock;
  readonly connection: Connection;
  readonly namespace: string;
  readonly identity: string;
  readonly clock: Clock;
  /** What could not be said, and why. */
  readonly emit: (event: { readonly type: 'unannounced'; readonly fault: LockFault }) => void;
}

export interface Announcing {
  /** The same lock, while we remember the object that it writes to. */
  readonly lock: Lock;
  readonly hear: (event: ElectionEvent) => void;
  /** Waits for what is under way, but not long. Nothing is said afterwards. */
  end(): Promise<void>;
}

const afterElectionMs = 200;
/** An API server at rest answers in 5 ms, a busy one in 20. */
export const farewellMs = 50;

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
    // As client-go's begin: whoever lists Events by their names has them in their order.
    const mark = Math.trunc(wallMs).toString(16) + randomBytes(4).toString('hex');
    const how = { connection, namespace, host, wallMs, mark, signal };
    try {
      await createEvent(object, announcement, how);
    } catch (thrown) {
      const fault = asFault(thrown);
      isAllowed = fault.kind !== 'denied';
      if (!signal.aborted) emit({ type: 'unannounced', fault });
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
      if (event.type === 'elected') {
        hurry = new AbortController();
        const { signal } = hurry;
        queue = queue.then(() => clock.sleep(afterElectionMs, signal));
        say('Normal', 'became leader');
      } else if (event.type === 'lost') {
        hurry.abort();
        say('Warning', `lost the lease: ${reasonOf(event.loss)}`);
      } else if (event.type === 'release') {
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
