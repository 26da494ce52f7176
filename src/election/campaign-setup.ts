/** What a campaign needs, and what comes of it. */
import type { Candidate, Patience } from './candidate.ts';
import type { LockFault } from './lock.ts';
import type { Memory } from './memory.ts';
import type { CampaignEnd, ElectorOptions } from './options.ts';
import type { Vigil } from './vigil.ts';
import type { LockWatch } from './watch.ts';
import type { Writer, Written } from './writer.ts';

/** What a campaign is made of. */
export interface CampaignSetup extends Required<
  Omit<ElectorOptions, 'lock' | 'identity' | 'deaths'>
> {
  readonly writer: Writer;
  readonly memory: Memory;
  readonly watch: LockWatch;
  readonly vigil: Vigil;
  readonly patience: Patience;
  /** A key: if the lock stores it, the work is done and the campaign ends. */
  readonly once: string | undefined;
  /** Ends the campaign. */
  readonly signal: AbortSignal;
}

/** Won by this write, or over. */
export type CampaignResult = { readonly kind: 'won'; readonly won: Written } | CampaignEnd;

/** The end of a campaign that has lost its patience. */
export function givenUp(candidate: Candidate, fault: LockFault | undefined): CampaignEnd {
  if (fault) return { kind: 'unavailable', fault };
  return { kind: 'held', holder: candidate.observation?.seen?.record.holder ?? '' };
}
