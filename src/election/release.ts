/**
 * Hands the lock back, last of all and carefully (R10): if the server's answer shows our own write, write on exactly that
 * version. Never blindly, never over somebody else. The answer to our latest renewal will do: compare-and-swap fails if
 * anything has happened since. Only then, or when nothing is certain, does a release cost a read, and the next leader time.
 */
import { bounded } from './request.ts';
import type { Clock } from './clock.ts';
import type { ReleaseOutcome } from './events.ts';
import { asFault, LockFault, type Versioned } from './lock.ts';
import { endingOf } from './history.ts';
import type { Memory } from './memory.ts';
import type { Writer } from './writer.ts';
import { isDone } from './record.ts';
import type { ReleaseWith, Term } from './term.ts';

const pauseMs = 100;

export interface ReleaseOptions extends ReleaseWith {
  readonly clock: Clock;
  readonly boundMs: number;
  /** What ends; undefined when there was no term. */
  readonly term?: Pick<Term, 'loss' | 'stepDown'>;
  /** What the server has answered last. */
  readonly latest?: Versioned | undefined;
  /** The beginning of the term to end; undefined ends whatever of ours there is. */
  readonly acquireTimeUs: number | undefined;
  /** Learns of another holder that is seen on the way. */
  readonly memory: Memory;
}

/**
 * Call it only when everything that needed the lock is gone. Takes at most `boundMs`, and sends nothing afterwards.
 * A write of ours that is still on the wire is awaited for half of that, and cannot undo a release that succeeded.
 */
export async function release(writer: Writer, options: ReleaseOptions): Promise<ReleaseOutcome> {
  const { clock, boundMs, term } = options;
  const loss = term?.loss;
  if (loss?.kind === 'usurped') return { kind: 'not-ours' };
  const endsAtMs = clock.now() + boundMs;
  let latest: ReleaseOutcome | undefined;
  try {
    // R11
    await bounded({ clock, boundMs: boundMs / 2 }, () => writer.settled()).catch(() => undefined);
    // Written over by a renewal that was under way, or by somebody else after a loss, it is out of date.
    const isCurrent = !loss && writer.isOurs(options.latest?.record);
    let known = isCurrent ? options.latest : undefined;
    return await bounded({ clock, boundMs: endsAtMs - clock.now() }, async (cutOff) => {
      for (;;) {
        latest = await tryRelease(writer, options, { known, cutOff });
        if (latest.kind !== 'failed' || cutOff.aborted) return latest;
        if (!known) await clock.sleep(pauseMs, cutOff);
        known = undefined;
      }
    });
  } catch (thrown) {
    return latest ?? { kind: 'failed', fault: asFault(thrown) };
  } finally {
    writer.abandon();
  }
}

async function tryRelease(
  writer: Writer,
  { acquireTimeUs, memory, done, exitStatus, term }: ReleaseOptions,
  { known, cutOff }: { known: Versioned | undefined; cutOff: AbortSignal },
): Promise<ReleaseOutcome> {
  try {
    const seen = known ?? (await writer.read(cutOff));
    // The answer to our own release was lost.
    if (seen?.record.holder === '' && writer.wrote(seen.record)) return released(seen, done);
    const isWrittenByUs = seen !== undefined && writer.isOurs(seen.record);
    if (seen && !isWrittenByUs) memory.remember(seen);
    const isOfThisTerm = [seen?.record.acquireTimeUs, undefined].includes(acquireTimeUs);
    if (!isWrittenByUs || !isOfThisTerm) return { kind: 'not-ours' };
    if (cutOff.aborted) return { kind: 'failed', fault: outOfTime };
    const isWanted = () => !cutOff.aborted;
    const ending = term && endingOf(term, exitStatus);
    const outcome = await writer.free(seen, { done, ending, isWanted });
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
