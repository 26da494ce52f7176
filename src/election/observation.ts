/**
 * What a candidate remembers of the lock, and when that memory allows it to claim. Pure.
 *
 *     absent ──────────┐
 *     released ────────┴──▶ claimable now, but not before a promise that a hand has broken, as far as we can tell
 *     ours ────────────────▶ claimable now, but not before any promise we know of: the write may have landed late
 *     doubtful ────────────▶ a claim of ours that was refused: ours, unless it is renewed within a retry period
 *     held ────────────────▶ claimable when the record's own duration has passed since we first saw this version
 *
 * Invariants (R1, R3):
 * - Only local time counts. The record's times never grant anything; any new version restarts the wait.
 * - A certified death ends the promise of the dead, and no other (`death.ts`).
 * - A deadline once known never moves earlier. If the object vanishes, or is emptied without being released, or
 *   its duration shrinks, or it names another, the previous holder may still be leading in good faith: we wait out
 *   what it was promised, also by a renewal that we have not seen, the latest of which may be as old as this sight.
 *   Of a lock in several objects one may vanish or be emptied, whatever the others say: the promise may have been made in
 *   that one. So half a claim of ours counts for nothing beside it. We waited for what the version promised that we claimed
 *   on. But the other object refused the write, because its holder had renewed it since, and then a hand emptied it. That
 *   renewal came before our sight of what the hand has left: its whole duration from this sight on is enough. The same
 *   emptied version seen again says nothing new, so the wait ends.
 * - A sighting that may be older than what we know, or newer, adds what it promises and ends nothing (`overhear`).
 *
 * A release ends the promise of the term that it follows, and no other. A hand that came before it, between two looks, is
 * known by what it leaves (`isForeignEdit`). One that leaves no trace is not: a hand shortens the record and a newcomer claims,
 * which looks like a release and a claim; or the object is deleted, restored by its holder and deleted again.
 */
import { isForeignEdit } from './foreign-edit.ts';
import type { LeaderRecord, Versioned } from './lock.ts';
import { durationMs, isFreed, isSameTerm } from './record.ts';
import { hasOtherPart } from './version.ts';

export interface Observation {
  /** The latest known state; undefined when the object does not exist. */
  readonly seen: Versioned | undefined;
  /** Local time up to which the holders we know of may lead; −∞ after a release. */
  readonly promisedUntilMs: number;
  /** How much of it the present holder has not promised, but earlier ones. */
  readonly othersUntilMs: number;
  /** A promise whose record was taken away or changed by force. A later release by somebody else does not end it. */
  readonly forcedUntilMs: number;
  /** The latest holder, unless it has released: it may restore what was taken away or changed. */
  readonly holder?: Holder | undefined;
}

interface Holder {
  readonly record: LeaderRecord;
  /** The longest that was seen in its term. */
  readonly durationMs: number;
}

export interface Sight {
  readonly seen: Versioned | undefined;
  /** Local time of this sight. */
  readonly nowMs: number;
  /** Whether this process itself wrote the record. */
  readonly isOurs: boolean;
  /** Whether the record equals a claim of ours that was refused. If it is a twin's, that one renews it. */
  readonly isDoubtful?: boolean;
  /** The longest time between two renewals of a twin. */
  readonly renewedWithinMs?: number;
  /** Stands in for a duration that the record does not say. */
  readonly assumedDurationMs: number;
}

/** The memory after one more look. Seeing the same version again changes nothing: its first sight counts. */
export function observe(before: Observation | undefined, sight: Sight): Observation {
  const { seen, nowMs } = sight;
  if (before !== undefined && before.seen?.version === seen?.version) return before;
  const { promisedUntilMs } = before ?? nothingPromised;
  const brokenUntilMs = unseenPromiseMs(before, nowMs);
  const forcedUntilMs = Math.max(
    before?.forcedUntilMs ?? -Infinity,
    isByForce(before, sight) ? brokenUntilMs : -Infinity,
  );
  if (seen !== undefined && isFreed(seen.record))
    return { seen, ...nothingPromised, forcedUntilMs };
  if (seen === undefined || seen.record.holder === '')
    return { seen, ...nothingPromised, forcedUntilMs, holder: before?.holder };
  const holder = holderOf(seen.record, before?.holder, sight.assumedDurationMs);
  if (sight.isOurs || sight.isDoubtful) {
    // The earlier holder may restore its record beside a half of ours, and lose it again.
    const robbed = forcedUntilMs > nowMs ? before?.holder : undefined;
    // Usually written over a record whose time was up. If not, somebody edited the object in between.
    const keptUntilMs = promisedUntilMs > nowMs ? brokenUntilMs : promisedUntilMs;
    const { isOurs, renewedWithinMs = sight.assumedDurationMs } = sight;
    const twinUntilMs = isOurs ? -Infinity : nowMs + renewedWithinMs;
    const untilMs = Math.max(keptUntilMs, twinUntilMs);
    const promised = { promisedUntilMs: untilMs, othersUntilMs: untilMs };
    return { seen, ...promised, forcedUntilMs, holder: robbed ?? holder };
  }
  // Also where the holder has changed: it may have been a hand that named another.
  const claimedUntilMs = nowMs + holder.durationMs;
  const isContinued = before?.holder && isSameTerm(before.holder.record, seen.record);
  const othersUntilMs = isContinued ? before.othersUntilMs : brokenUntilMs;
  const promised = { promisedUntilMs: Math.max(brokenUntilMs, claimedUntilMs), othersUntilMs };
  return { seen, ...promised, forcedUntilMs, holder };
}

/** The memory after a sighting that nobody can place in the order of versions: its holder may lead. */
export function overhear(before: Observation, sight: Sight): Observation {
  const { seen, nowMs, isOurs, assumedDurationMs } = sight;
  if (isOurs || !seen?.record.holder) return before;
  const holder = holderOf(seen.record, before.holder, assumedDurationMs);
  const untilMs = nowMs + holder.durationMs;
  const isPresent = before.holder && isSameTerm(before.holder.record, seen.record);
  const othersUntilMs = isPresent ? before.othersUntilMs : Math.max(before.othersUntilMs, untilMs);
  const promisedUntilMs = Math.max(before.promisedUntilMs, untilMs);
  return { ...before, promisedUntilMs, othersUntilMs, holder: before.holder ?? holder };
}

const nothingPromised = { promisedUntilMs: -Infinity, othersUntilMs: -Infinity };

/** No holder shortens its own term. */
function holderOf(record: LeaderRecord, before: Holder | undefined, assumedMs: number): Holder {
  const saidMs = durationMs(record, assumedMs);
  const isKnown = before !== undefined && isSameTerm(before.record, record);
  return { record, durationMs: isKnown ? Math.max(before.durationMs, saidMs) : saidMs };
}

/** All that is known to be promised, and what the holder known before may have promised by renewing a moment ago. */
function unseenPromiseMs(before: Observation | undefined, nowMs: number): number {
  const { promisedUntilMs = -Infinity, holder } = before ?? {};
  return holder ? Math.max(promisedUntilMs, nowMs + holder.durationMs) : promisedUntilMs;
}

/** Whether a holder that we know of may lead on, whatever the record says. */
function isByForce(before: Observation | undefined, { seen, nowMs }: Sight): boolean {
  if (!before) return false;
  const isTakenAway = !seen || (seen.record.holder === '' && !isFreed(seen.record));
  if (isTakenAway || isForeignEdit(before.seen, seen)) return true;
  if (hasOtherPart(seen.emptied, before.seen?.emptied)) return true;
  // It was taken away before. The holder may have restored it in between, and not be the one who has released it.
  return seen.record.holder === '' && !before.seen?.record.holder && before.forcedUntilMs > nowMs;
}

/** Local time from which a claim on exactly `observation.seen` is allowed; −∞ when it always was. */
export function claimableAtMs(observation: Observation): number {
  return Math.max(observation.promisedUntilMs, observation.forcedUntilMs);
}
