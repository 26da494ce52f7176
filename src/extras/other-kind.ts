/**
 * Electors that keep the lock in another kind of object do not see us, nor we them: whoever changes `--lock-kind` in a
 * rolling update has two leaders. So once, a while after CMD was started or another was found to lead, we look whether
 * somebody lives under the name of our lock in a kind that ours may have been moved from or to, and say so.
 *
 * It is a courtesy. Nothing waits for it, nothing depends on it, and no fault of it is told: most accounts may not even
 * look. Who leads in both objects, as in the second rollout of a migration, is nobody to be warned of.
 */
import type { Clock } from '../election/clock.ts';
import type { LeaderRecord, Lock } from '../election/lock.ts';
import { isSameTerm, looksAlive } from '../election/record.ts';
import type { RunEvent } from '../events.ts';
import type { OtherKind } from '../locks/index.ts';

interface OtherKindOptions {
  readonly clock: Clock;
  /** The lock as the other kinds would keep it. */
  readonly others: () => Promise<readonly OtherKind[]>;
  readonly leaseDurationMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

/** What is urgent comes first: the start of CMD, a watch. Between renewals, it needs no connection of its own. */
const pauseMs = 700;

/** Give it every event of the run; it looks at most once. */
export function lookForOtherKind(options: OtherKindOptions): (event: RunEvent) => void {
  let leader: LeaderRecord | undefined;
  let hasBegun = false;
  return (event) => {
    if (event.kind === 'standing-by') leader = event.record;
    if (event.kind === 'elected') leader = undefined;
    if (hasBegun || (event.kind !== 'standing-by' && event.kind !== 'started')) return;
    hasBegun = true;
    void look(options, () => leader).catch(() => undefined);
  };
}

async function look(
  { clock, others, leaseDurationMs, signal, warn }: OtherKindOptions,
  leader: () => LeaderRecord | undefined,
): Promise<void> {
  await clock.sleep(pauseMs, signal);
  if (signal.aborted) return;
  for (const { name, migration, lock } of await others()) {
    const record = await recordIn(lock, signal);
    if (!record || !looksAlive(record, clock.wall(), leaseDurationMs)) continue;
    if (isSameTerm(record, leader())) continue;
    warn(
      `the ${name} of the same name has a live leader too: ${record.holder}. Electors of different kinds do not see each other, ` +
        `so two can lead at once; to migrate: --lock-kind ${migration}, docs/migration.md`,
    );
  }
}

async function recordIn(lock: Lock, signal: AbortSignal): Promise<LeaderRecord | undefined> {
  try {
    return (await lock.read({ signal }))?.record;
  } catch {
    return undefined;
  }
}

/** A leader that holds both kinds has the same term in both. */
