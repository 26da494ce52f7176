import type { ForeignEdit } from './events.ts';
import type { Versioned, Wish } from './lock.ts';
import { isFor } from './remarks.ts';

/**
 * Whose lock it is, in the eyes of a leader whose write met a conflict.
 * - `ours`: write afresh on it. `found` says what a foreign hand had done to it, if one had; `wish` that this very term
 *   is asked to end
 * - `usurped`: another holder, and nothing more is ours to write
 * - `expired`: nobody's, but somebody may have led while we could not look
 */
export type Verdict =
  | {
      readonly kind: 'ours';
      readonly found: ForeignEdit | undefined;
      readonly wish?: Wish | undefined;
    }
  | { readonly kind: 'usurped'; readonly holder: string }
  | { readonly kind: 'expired' };

export interface LeadersView {
  /** Whether this process itself wrote the record. */
  readonly isOurs: boolean;
  /** Whether the machine has slept through the end of the trust. */
  readonly isDoubted: boolean;
  readonly leaseDurationMs: number;
  readonly acquireTimeUs: number;
  readonly transitions: number;
}

/**
 * An object without a holder is nobody's, so the leader may say again that it leads (design rules 6, 7, 14). One of
 * several objects without a holder may have had one meanwhile.
 */
export function judge(seen: Versioned | undefined, view: LeadersView): Verdict {
  const isIncomplete = !seen?.record.holder || (seen.isTorn && view.isOurs);
  if (isIncomplete && view.isDoubted) return { kind: 'expired' };
  if (seen === undefined) return { kind: 'ours', found: 'deleted' };
  const { holder, leaseDurationMs, transitions } = seen.record;
  if (holder === '') return { kind: 'ours', found: 'emptied' };
  if (!view.isOurs) return { kind: 'usurped', holder };
  const isAsWritten =
    !seen.isTorn && leaseDurationMs === view.leaseDurationMs && transitions === view.transitions;
  const { wish, acquireTimeUs } = seen.record;
  const isAsked = isFor(wish, seen.record) && acquireTimeUs === view.acquireTimeUs;
  const found = isAsWritten ? undefined : 'edited';
  return { kind: 'ours', found, wish: isAsked ? wish : undefined };
}
