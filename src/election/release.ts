/**
 * Giving the lock back, last of all and carefully (design rule 10): read, is it our own write in *this* answer,
 * write on *this* version. Never blind, never by belief, never over somebody else.
 */
import { bounded } from './bounded.ts';
import type { Clock } from './clock.ts';
import type { ReleaseOutcome } from './events.ts';
import { asFault } from './lock.ts';
import type { Pen } from './pen.ts';

const pauseMs = 100;

/**
 * Call it only when everything that needed the lock is gone. Takes at most `boundMs`; a write of ours that is
 * still on the wire is awaited for half of that, and cannot undo a release that succeeded.
 */
export async function release(
  pen: Pen,
  { clock, boundMs }: { clock: Clock; boundMs: number },
): Promise<ReleaseOutcome> {
  let latest: ReleaseOutcome | undefined;
  try {
    await bounded({ clock, boundMs: boundMs / 2 }, () => pen.settled()).catch(() => undefined);
    return await bounded({ clock, boundMs: boundMs / 2 }, async (cutOff) => {
      for (;;) {
        latest = await tryRelease(pen, cutOff);
        if (latest.kind !== 'failed' || cutOff.aborted) return latest;
        await clock.sleep(pauseMs, cutOff);
      }
    });
  } catch (thrown) {
    return latest ?? { kind: 'failed', fault: asFault(thrown) };
  }
}

async function tryRelease(pen: Pen, cutOff: AbortSignal): Promise<ReleaseOutcome> {
  try {
    for (;;) {
      const seen = await pen.read(cutOff);
      if (seen === undefined || !pen.isOurs(seen.record)) return { kind: 'not-ours' };
      const outcome = await pen.free(seen);
      if (outcome.kind === 'written') return { kind: 'released' };
      if (outcome.kind === 'fault') return { kind: 'failed', fault: outcome.fault };
    }
  } catch (thrown) {
    return { kind: 'failed', fault: asFault(thrown) };
  }
}
