/**
 * The latest terms of a lock and how they ended: a note beside the record, for people. It travels in writes that are made
 * anyway, and nothing about leadership depends on it.
 *
 *     a release ──────────────────────▶ the own term: released, stepped-down or lost
 *     a claim on somebody's record ───▶ the term before: expired, when its lease ended;
 *                                       or died, when that has been certified
 *     a record cleared by force ──────▶ the term in it: cleared
 *
 * Other electors write no history, so a term that one of them released is missing.
 */
import type { Death } from './death.ts';
import type { LeaderRecord, PastTerm } from './lock.ts';
import type { Term } from './term.ts';
import { isFor, isSameTerm, longestHolder, mostTerms } from './record.ts';

/** How a term ended, by what its end knows of it. */
export type Ending = Pick<PastTerm, 'ended' | 'exitStatus'>;

/** What a release knows of the term that it ends. */
export function endingOf(
  { loss, stepDown }: Pick<Term, 'loss' | 'stepDown'>,
  exitStatus: number | undefined,
): Ending {
  if (loss) return { ended: 'lost', exitStatus };
  return { ended: stepDown.aborted ? 'stepped-down' : 'released', exitStatus };
}

/** The history of a record whose term has ended so; undefined leaves the history as it is. */
export function withEnd(
  record: LeaderRecord,
  { ended, exitStatus }: Ending,
  untilUs: number | undefined,
): readonly PastTerm[] | undefined {
  const { holder, acquireTimeUs, history = [] } = record;
  if (holder === '' || !isTime(acquireTimeUs)) return undefined;
  const term: PastTerm = {
    holder: holder.slice(0, longestHolder).toWellFormed(),
    acquireTimeUs,
    untilUs: isTime(untilUs) ? untilUs : undefined,
    ended,
    ...(exitStatus === undefined ? {} : { exitStatus }),
  };
  return [...history.filter((other) => !isSameTerm(other, term)), term].slice(-mostTerms);
}

/** The history for a claim on top of `previous`, which somebody else has left without a release. */
export function withoutRelease(
  previous: LeaderRecord,
  death?: Death,
): readonly PastTerm[] | undefined {
  if (isFor(death?.home, previous)) return withEnd(previous, { ended: 'died' }, death?.atUs);
  const { renewTimeUs, leaseDurationMs } = previous;
  const known = renewTimeUs !== undefined && leaseDurationMs !== undefined;
  const untilUs = known ? renewTimeUs + leaseDurationMs * 1_000 : undefined;
  return withEnd(previous, { ended: 'expired' }, untilUs);
}

/** What a lock can store: any lock may be asked. */
function isTime(us: number | undefined): us is number {
  return Number.isSafeInteger(us);
}
