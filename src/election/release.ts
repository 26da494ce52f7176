/**
 * Giving the lock back, last of all and carefully (design rule 10): is it our own write in what the server has answered,
 * then write on exactly *that* version. Never blind, never by belief, never over somebody else. The answer to our latest
 * renewal is as good as any: compare-and-swap refuses if anything has happened since. Only then, or when nothing is
 * known for certain, does it cost a read; who waits for the lock would wait for that as well.
 */
import { bounded } from './bounded.ts';
import type { Clock } from './clock.ts';
import type { ReleaseOutcome } from './events.ts';
import { asFault, LockFault, type LeaderRecord, type Versioned } from './lock.ts';
import type { Pen } from './pen.ts';
import { isDone } from './remarks.ts';

const pauseMs = 100;

export interface ReleaseOptions {
  readonly clock: Clock;
  readonly boundMs: number;
  /** What the server has answered last, if that is worth a try. */
  readonly latest?: Versioned | undefined;
  /** A key to store in the same write. */
  readonly done?: string | undefined;
  /** Which of our own writes may be taken back. */
  readonly isOurs: (record: LeaderRecord) => boolean;
  /** Another holder was seen on the way: a campaign that follows must know of its claim. */
  readonly onUsurped: (seen: Versioned) => void;
}

/**
 * Call it only when everything that needed the lock is gone. Takes at most `boundMs`, and sends nothing afterwards.
 * A write of ours that is still on the wire is awaited for half of that, and cannot undo a release that succeeded.
 */
export async function release(pen: Pen, options: ReleaseOptions): Promise<ReleaseOutcome> {
  const { clock, boundMs } = options;
  const endsAtMs = clock.now() + boundMs;
  let latest: ReleaseOutcome | undefined;
  try {
    await bounded({ clock, boundMs: boundMs / 2 }, () => pen.settled()).catch(() => undefined);
    // A renewal that was under way has put what we knew before out of date.
    let known = options.latest && pen.isOurs(options.latest.record) ? options.latest : undefined;
    return await bounded({ clock, boundMs: endsAtMs - clock.now() }, async (cutOff) => {
      for (;;) {
        latest = await tryRelease(pen, options, { known, cutOff });
        if (latest.kind !== 'failed' || cutOff.aborted) return latest;
        if (!known) await clock.sleep(pauseMs, cutOff);
        known = undefined;
      }
    });
  } catch (thrown) {
    return latest ?? { kind: 'failed', fault: asFault(thrown) };
  } finally {
    pen.abandon();
  }
}

async function tryRelease(
  pen: Pen,
  { isOurs, onUsurped, done }: ReleaseOptions,
  { known, cutOff }: { known: Versioned | undefined; cutOff: AbortSignal },
): Promise<ReleaseOutcome> {
  try {
    const seen = known ?? (await pen.read(cutOff));
    // The answer to our own release was lost.
    if (seen?.record.holder === '' && pen.wrote(seen.record)) return released(seen, done);
    const isWrittenByUs = seen !== undefined && pen.isOurs(seen.record);
    if (seen && !isWrittenByUs) onUsurped(seen);
    if (!isWrittenByUs || !isOurs(seen.record)) return { kind: 'not-ours' };
    if (cutOff.aborted) return { kind: 'failed', fault: outOfTime };
    const outcome = await pen.free(seen, { done, isWanted: () => !cutOff.aborted });
    if (outcome.kind === 'written') return released(outcome.current, done);
    return { kind: 'failed', fault: outcome.kind === 'fault' ? outcome.fault : everChanging };
  } catch (thrown) {
    return { kind: 'failed', fault: asFault(thrown) };
  }
}

function released({ record }: Versioned, done: string | undefined): ReleaseOutcome {
  const isKept = done === undefined || isDone(record, done);
  return { kind: 'released', ...(isKept ? {} : { isForgetful: true }) };
}

const outOfTime = new LockFault('unreachable', 'there was no time left for it');
const everChanging = new LockFault(
  'unreachable',
  'somebody else writes to the object all the time',
);
