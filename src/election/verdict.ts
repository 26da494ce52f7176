/** Whose lock it is, in the eyes of its leader, when it is not as the leader has left it. Pure. */
import type { ForeignEdit, Loss } from './events.ts';
import type { Versioned } from './lock.ts';
import { isFor } from './record.ts';
import type { TermFacts } from './writer.ts';
import type { Timing } from './timing.ts';

/** The lock as it was seen; `isOurs` when this process wrote exactly that record. */
export interface Sight {
  readonly seen: Versioned | undefined;
  readonly isOurs: boolean;
}

/** What of a leader decides whose the lock is. `doubt`: the machine has slept through the end of its trust. */
export interface Claimant {
  readonly timing: Pick<Timing, 'leaseDurationMs'>;
  readonly facts: TermFacts;
  readonly doubt: unknown;
}

/**
 * - `ours`: write afresh on it. `found` says what somebody else did to it; `isAsked` that this term is asked to end
 * - `usurped`: another holder, and nothing more is ours to write
 * - `expired`: nobody's, but somebody may have led while we could not look
 */
export type Verdict =
  | { readonly kind: 'ours'; readonly found?: ForeignEdit | undefined; readonly isAsked: boolean }
  | Exclude<Loss, { kind: 'unsupported' }>;

/**
 * An object without a holder is nobody's, so the leader may say again that it leads (R6, R7, R14). One of several objects
 * without a holder may have had one meanwhile.
 */
export function judge({ doubt, timing, facts }: Claimant, { seen, isOurs }: Sight): Verdict {
  const isIncomplete = !seen?.record.holder || (seen.isTorn && isOurs);
  if (isIncomplete && doubt) return { kind: 'expired' };
  if (!seen) return { kind: 'ours', found: 'deleted', isAsked: false };
  const { holder, leaseDurationMs, transitions, acquireTimeUs, stepDown } = seen.record;
  if (holder === '') return { kind: 'ours', found: 'emptied', isAsked: false };
  if (!isOurs) return { kind: 'usurped', holder };
  const isAsWritten =
    !seen.isTorn && leaseDurationMs === timing.leaseDurationMs && transitions === facts.transitions;
  const isAsked = isFor(stepDown, seen.record) && acquireTimeUs === facts.acquireTimeUs;
  return { kind: 'ours', found: isAsWritten ? undefined : 'edited', isAsked };
}
