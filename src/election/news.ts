import { waitEndsAtMs, type Candidate } from './candidate.ts';
import type { ElectionEvent, RenewalResult } from './events.ts';
import { lossAtMs, type Leader } from './leader.ts';
import { claimableAtMs } from './observation.ts';
import { isSameTerm } from './record.ts';
import type { WriteOutcome } from './writer.ts';

const results: Record<WriteOutcome['kind'], RenewalResult> = {
  written: 'acknowledged',
  conflict: 'conflict',
  fault: 'failed',
};

/** What there is to tell when a candidate or a leader has become another: every change once, no retry ever. Pure. */
export function candidateNews(before: Candidate, after: Candidate, nowMs: number): ElectionEvent[] {
  return [...newsOfReach(before, after), ...newsOfTheHolder(before, after, nowMs)];
}

function newsOfReach({ trouble: before }: Candidate, { trouble }: Candidate): ElectionEvent[] {
  if (trouble && trouble.fault.kind !== before?.fault.kind)
    return [{ kind: 'out-of-reach', fault: trouble.fault }];
  return before && !trouble ? [{ kind: 'in-reach' }] : [];
}

function newsOfTheHolder(before: Candidate, after: Candidate, nowMs: number): ElectionEvent[] {
  // What an earlier campaign has told is news again in this one.
  const known = before.sights === 0 ? undefined : before.observation;
  const { observation, sights } = after;
  if (sights === 0 || !observation || observation === known) return [];
  const freeInMs = claimableAtMs(observation) - nowMs;
  if (freeInMs <= 0) return [];
  const record = observation.seen?.record;
  if (!record?.holder) return [{ kind: 'waiting-out', freeInMs }];
  if (isSameTerm(record, known?.seen?.record)) return [];
  return [{ kind: 'standing-by', record, freeInMs, givesUpInMs: waitEndsAtMs(after) - nowMs }];
}

export function leaderNews(before: Leader, after: Leader, nowMs: number): ElectionEvent[] {
  const { loss, fault, doubt, isAskedToStepDown } = after;
  if (before.loss) return [];
  if (loss) return [{ kind: 'lost', loss }];
  const news: ElectionEvent[] = [];
  if (fault && !before.fault)
    news.push({ kind: 'renewal-failing', fault, lossInMs: lossAtMs(after) - nowMs });
  if (before.fault && !fault) news.push({ kind: 'renewal-recovered' });
  if (before.found && !after.found) news.push({ kind: 'restored', found: before.found });
  if (doubt && !before.doubt) news.push({ kind: 'suspended', forMs: doubt.sleptMs });
  if (before.doubt && !doubt) news.push({ kind: 'resumed' });
  if (isAskedToStepDown && !before.isAskedToStepDown) news.push({ kind: 'asked-to-step-down' });
  return news;
}

/** One try to renew is over. */
export function renewalNews(outcome: WriteOutcome, tookMs: number): ElectionEvent {
  return { kind: 'renewal', result: results[outcome.kind], tookMs };
}
