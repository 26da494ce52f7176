import { waitEndsAtMs, type Candidate } from './candidate.ts';
import type { ElectionEvent } from './events.ts';
import type { LeaderRecord } from './lock.ts';
import { claimableAtMs } from './observation.ts';

/** What there is to tell when a candidate has become another: every change once, no retry ever. */
export function newsBetween(before: Candidate, after: Candidate, nowMs: number): ElectionEvent[] {
  return [...newsOfReach(before, after), ...newsOfTheHolder(before, after, nowMs)];
}

function newsOfReach({ trouble: before }: Candidate, { trouble }: Candidate): ElectionEvent[] {
  if (trouble && trouble.fault.kind !== before?.fault.kind)
    return [{ type: 'out-of-reach', fault: trouble.fault }];
  return before && !trouble ? [{ type: 'in-reach' }] : [];
}

function newsOfTheHolder(before: Candidate, after: Candidate, nowMs: number): ElectionEvent[] {
  // What an earlier campaign has told is news again in this one.
  const known = before.sights === 0 ? undefined : before.observation;
  const { observation, sights } = after;
  if (sights === 0 || !observation || observation === known) return [];
  const freeInMs = claimableAtMs(observation) - nowMs;
  if (freeInMs <= 0) return [];
  const record = observation.seen?.record;
  if (!record?.holder) return [{ type: 'waiting-out', freeInMs }];
  if (isSameTerm(record, known?.seen?.record)) return [];
  return [{ type: 'standing-by', record, freeInMs, givesUpInMs: waitEndsAtMs(after) - nowMs }];
}

function isSameTerm(record: LeaderRecord, other: LeaderRecord | undefined): boolean {
  return record.holder === other?.holder && record.acquireTimeUs === other.acquireTimeUs;
}
