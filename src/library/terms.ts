/**
 * A leader's life as a loop.
 *
 *     ──▶ campaign ── elected ──▶ the body of the loop ── ends, breaks, throws ──▶ release ──▶ out, or:
 *            ▲                                                                       │
 *            └─────────── at once after a loss, else when others had their turn ◀────┘
 *
 * The term is released always, and only when the body is gone: a loss or a shutdown tells the body through its signals,
 * and then waits for it, renewing on a shutdown, because work that still runs still needs the lock (R9, R10).
 * A body that ends of its own accord stands aside for a moment: others get their turn, and a body that ends at once does
 * not keep the server busy.
 */
import type { CampaignOutcome } from '../election/options.ts';
import type { Term } from '../election/term.ts';

/** What the loop needs of an elector. */
export interface Candidacy {
  /** Undefined once the election is over for us. @throws {LockFault} when the lock cannot be used at all */
  readonly campaign: () => Promise<Term | undefined>;
  /** Cut short when the election is over for us. */
  readonly standAside: () => Promise<void>;
}

export async function* termsOf(candidacy: Candidacy): AsyncGenerator<Term, void, undefined> {
  for (;;) {
    const term = await nextTerm(candidacy);
    if (!term) return;
    try {
      yield term;
    } finally {
      await term.release();
    }
    if (!term.loss) await candidacy.standAside();
  }
}

/** A term whose work may begin right now: since it was won, a signal or a stalled machine may have taken the reason away. */
export async function nextTerm({ campaign }: Candidacy): Promise<Term | undefined> {
  for (;;) {
    const term = await campaign();
    if (!term || (term.isTrusted() && !term.signal.aborted)) return term;
    await term.release();
  }
}

/** The term of a campaign whose patience is without end. @throws {LockFault} when the lock cannot be used at all */
export function termIn(outcome: CampaignOutcome): Term | undefined {
  if (outcome.kind === 'unavailable') throw outcome.fault;
  return outcome.kind === 'elected' ? outcome.term : undefined;
}
