/**
 * Questions to a record, and the notes beside it.
 *
 * A write leaves the notes that it does not mention. Only what was for another term than the one being written is removed,
 * a request to step down or a holder's home: it is obsolete.
 */
import type { LeaderRecord, Notes } from './lock.ts';

/** Keep this many keys; drop the oldest. */
export const mostKeys = 100;
/** Keep this many terms; drop the oldest. */
export const mostTerms = 20;
/** Of a past term, as anybody may have written it: keep this much. So the terms are bounded in bytes, too. */
export const longestHolder = 128;

/** A release is holder "" with a duration of one second, as client-go writes it. Any other emptiness is not. */
export function isReleased(record: LeaderRecord): boolean {
  return record.holder === '' && record.leaseDurationMs === 1_000;
}

/** Whether a record without a holder has been released by nobody. */
export function isClearedByForce({ acquireTimeUs, renewTimeUs }: LeaderRecord): boolean {
  const isKnown = acquireTimeUs !== undefined && renewTimeUs !== undefined;
  return isKnown && acquireTimeUs !== renewTimeUs;
}

/** Whether its holder has released it, as far as can be told. */
export function isFreed(record: LeaderRecord): boolean {
  return isReleased(record) && !isClearedByForce(record);
}

/** Which term it is. */
type TermName = Pick<LeaderRecord, 'holder' | 'acquireTimeUs'>;

/** Whether both are of one term, as far as nobody has edited one of them. */
export function isSameTerm(one: TermName, other: TermName | undefined): boolean {
  return one.holder === other?.holder && one.acquireTimeUs === other.acquireTimeUs;
}

/**
 * Whether the holder looks alive by its own clock. A hint across two clocks, so it may only be used to give up
 * (`--try`), never to claim.
 */
export function looksAlive(
  record: LeaderRecord,
  wallMs: number,
  assumedDurationMs: number,
): boolean {
  if (record.holder === '' || record.renewTimeUs === undefined) return false;
  return wallMs < record.renewTimeUs / 1_000 + durationMs(record, assumedDurationMs);
}

/** How long a record promises to last. Any lock may be asked: what is no number of milliseconds does not say anything. */
export function durationMs({ leaseDurationMs }: LeaderRecord, assumedDurationMs: number): number {
  return leaseDurationMs !== undefined && Number.isFinite(leaseDurationMs)
    ? leaseDurationMs
    : assumedDurationMs;
}

/** Whether the note is for exactly this term. */
export function isFor(
  note: Pick<LeaderRecord, 'holder' | 'acquireTimeUs'> | undefined,
  { holder, acquireTimeUs }: LeaderRecord,
): boolean {
  return note?.holder === holder && note.acquireTimeUs === acquireTimeUs;
}

/** The record as it stands on the object once it has been written over the one `before`. */
export function recordAfter(record: LeaderRecord, before: Notes | undefined): LeaderRecord {
  const { stepDown = before?.stepDown, done = before?.done, ...rest } = record;
  const { history = before?.history, home = before?.home, ...said } = rest;
  return {
    ...said,
    ...(isFor(home, record) ? { home } : {}),
    ...(isFor(stepDown, record) ? { stepDown } : {}),
    ...(done?.length ? { done: latest(mostKeys, done) } : {}),
    ...(history?.length ? { history: latest(mostTerms, history) } : {}),
  };
}

/** The same list where there are no more: whoever compares need not look into it. */
function latest<T>(most: number, list: readonly T[]): readonly T[] {
  return list.length > most ? list.slice(-most) : list;
}

/** The keys, with one more as the latest. */
export function withKey(done: readonly string[] | undefined, key: string): readonly string[] {
  return [...(done ?? []).filter((each) => each !== key), key].slice(-mostKeys);
}

export function isDone({ done }: Notes, key: string): boolean {
  return done?.includes(key) ?? false;
}
