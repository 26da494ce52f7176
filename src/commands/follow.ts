/**
 * What a lock says, again and again, for somebody who looks on: a watch where there is one, a look now and then where
 * there is none. Nothing depends on it but what is shown.
 *
 *     look ── can be watched ──▶ each sighting is shown ── ended ──▶ pause ──▶ look
 *      │                              └── the lease should be over ──▶ look
 *      └── cannot be watched ──▶ pause ──▶ look
 */
import { bounded } from '../election/request.ts';
import type { Clock } from '../election/clock.ts';
import { asFault, type Lock, type LockFault, type Versioned } from '../election/lock.ts';
import { isLater } from '../election/version.ts';

interface LookOptions {
  readonly lock: Lock;
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly requestTimeoutMs: number;
}

interface FollowOptions extends LookOptions {
  /** Between looks, where it cannot be watched or reached. */
  readonly pauseMs: number;
}

/** Each is told once a change. */
interface Onlooker {
  readonly see: (seen: Versioned | undefined) => void;
  readonly outOfReach: (fault: LockFault) => void;
  readonly inReach: () => void;
  readonly unwatched: (fault: LockFault) => void;
}

/** What a command that looks at a lock is given. */
export interface LookPorts {
  readonly found: Lock;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly stdout: (text: string) => void;
  readonly stderr: (line: string) => void;
}

export function lookOptions(
  { requestTimeoutMs }: Pick<LookOptions, 'requestTimeoutMs'>,
  { found: lock, clock, signal }: LookPorts,
): LookOptions {
  return { lock, clock, signal, requestTimeoutMs };
}

/** One look. @throws {LockFault} */
export async function look(options: LookOptions): Promise<Versioned | undefined> {
  const { lock, clock, signal, requestTimeoutMs: boundMs } = options;
  return bounded({ clock, boundMs, signal }, (within) => lock.read({ signal: within }));
}

/** Ends when the signal aborts, the onlooker may do that as well. @throws {LockFault} when the first look fails */
export async function follow(options: FollowOptions, onlooker: Onlooker): Promise<void> {
  const { lock, clock, signal, pauseMs } = options;
  let isWatchable = lock.watch !== undefined;
  for (let seen = await look(options); !signal.aborted; seen = await lookUntilSeen()) {
    onlooker.see(seen);
    if (isOver(signal)) return;
    const end = isWatchable ? await watchFrom(seen, options, onlooker) : 'ended';
    if (end === 'denied') isWatchable = false;
    if (end !== 'lease over') await clock.sleep(pauseMs, signal);
  }

  async function lookUntilSeen(): Promise<Versioned | undefined> {
    for (let failures = 0; ; failures += 1) {
      try {
        const seen = await look(options);
        if (failures > 0) onlooker.inReach();
        return seen;
      } catch (thrown) {
        if (signal.aborted) return undefined;
        if (failures === 0) onlooker.outOfReach(asFault(thrown));
        await clock.sleep(pauseMs, signal);
      }
    }
  }
}

/** It may have become so since it was asked before, which TypeScript does not see. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

type WatchEnd = 'ended' | 'denied' | 'lease over';

async function watchFrom(
  first: Versioned | undefined,
  { lock, clock, signal, requestTimeoutMs: boundMs }: FollowOptions,
  onlooker: Onlooker,
): Promise<WatchEnd> {
  const attempt = new AbortController();
  const give = () => {
    attempt.abort();
  };
  signal.addEventListener('abort', give);
  const alarm = alarmAt(clock, give);
  let latest = first?.version;
  try {
    alarm.set(leftOf(first, clock.wall()));
    const sightings = await bounded({ clock, boundMs, signal: attempt.signal }, async () =>
      lock.watch?.(attempt.signal),
    );
    for await (const { version, seen } of sightings ?? []) {
      if (latest !== undefined && isLater(latest, version)) continue;
      latest = version;
      alarm.set(leftOf(seen, clock.wall()));
      onlooker.see(seen);
      if (isOver(signal)) break;
    }
    return alarm.hasRung() ? 'lease over' : 'ended';
  } catch (thrown) {
    const fault = asFault(thrown);
    if (alarm.hasRung()) return 'lease over';
    if (fault.kind !== 'denied') return 'ended';
    onlooker.unwatched(fault);
    return 'denied';
  } finally {
    alarm.set(undefined);
    give();
    signal.removeEventListener('abort', give);
  }
}

/** Rings once, when the time that was set last is over. */
function alarmAt(clock: Clock, ring: () => void) {
  let off = new AbortController();
  let rung = false;
  return {
    hasRung: () => rung,
    set(inMs: number | undefined) {
      off.abort();
      off = new AbortController();
      if (inMs === undefined) return;
      const { signal } = off;
      void clock.sleep(inMs, signal).then(() => {
        if (signal.aborted) return;
        rung = true;
        ring();
      });
    },
  };
}

/** Until the lease looks over, with a moment's grace; undefined when it does already, or nobody knows. */
function leftOf(seen: Versioned | undefined, wallMs: number): number | undefined {
  const { holder = '', renewTimeUs, leaseDurationMs } = seen?.record ?? {};
  if (holder === '' || renewTimeUs === undefined || leaseDurationMs === undefined) return undefined;
  const leftMs = renewTimeUs / 1_000 + leaseDurationMs - wallMs;
  return leftMs > 0 ? leftMs + 50 : undefined;
}
