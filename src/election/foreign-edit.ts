/**
 * Signs that somebody edited the record between two sights of it, or that a holder may have come and gone unseen. Pure.
 *
 * - one of several objects is gone, or an object is another one now: it was deleted, and the next holder knew of nobody
 * - the number of transitions has fallen: the same, where nobody can tell objects apart
 * - another holder in the same transition: somebody edited it, since every claim counts one more
 * - the same term with a shorter duration: no holder does that to its own record
 * - no holder, and two different times: a release writes one time for both, as client-go does; somebody who clears the holder
 *   leaves the times of the claim and of the latest renewal
 *
 * Where a write is half-way the parts say different things, and no more than that they exist can be told.
 */
import type { LeaderRecord, Versioned } from './lock.ts';
import { isSameTerm } from './record.ts';
import { hasLostPart, hasNewPart } from './version.ts';

export function isForeignEdit(before: Versioned | undefined, seen: Versioned | undefined): boolean {
  if (!before || !seen) return false;
  if (hasLostPart(seen.version, before.version)) return true;
  const isContinued = isSameTerm(before.record, seen.record) && seen.record.holder !== '';
  // Its own holder creates it again after a deletion, and ends its promise itself.
  if (hasNewPart(seen.uid, before.uid) && !isContinued) return true;
  if (before.isTorn || seen.isTorn) return false;
  return isChangedByHand(before.record, seen.record);
}

function isChangedByHand(before: LeaderRecord, now: LeaderRecord): boolean {
  if (before.holder === '') return false;
  if (now.transitions < before.transitions) return true;
  const isRenamed =
    now.holder !== '' && now.holder !== before.holder && now.transitions === before.transitions;
  return isRenamed || isShortened(before, now);
}

function isShortened(before: LeaderRecord, now: LeaderRecord): boolean {
  if (!isSameTerm(before, now)) return false;
  const { leaseDurationMs: earlierMs = 0 } = before;
  return now.leaseDurationMs === undefined || now.leaseDurationMs < earlierMs;
}
