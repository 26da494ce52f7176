import type { ElectorOptions } from './campaign.ts';
import type { Patience } from './candidate.ts';
import type { Lookout } from './lookout.ts';
import type { Memory } from './memory.ts';
import type { Pen, WriteOutcome } from './pen.ts';
import type { Term } from './term.ts';

/** What a campaign is made of. */
export interface StandOptions extends Required<Omit<ElectorOptions, 'lock' | 'identity'>> {
  readonly pen: Pen;
  readonly memory: Memory;
  readonly lookout: Lookout;
  readonly patience: Patience;
  /** A key: with it on the lock there is nothing left to stand for. */
  readonly once: string | undefined;
  /** Ends the campaign. */
  readonly signal: AbortSignal;
  /** Called in the moment of the election: no abort comes in between. */
  readonly beginTerm: (won: Won) => Term;
}

export type Won = Extract<WriteOutcome, { kind: 'written' }>;
