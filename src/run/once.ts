/**
 * `--once KEY`: what becomes of a success. At least once, recorded once.
 *
 *     CMD succeeded ──▶ release with KEY, in one write ── written ──▶ stored
 *                          ▲       └── not ours any more, or nobody knows ──▶ campaign ── KEY is there ──▶ stored
 *                          └───────────────────────── elected ◀─────────────────┘ └── signal ──▶ not stored
 *
 * CMD is not run again here. While nothing is stored, another candidate may lead, and has to run it: it cannot know.
 */
import type { Elector } from '../election/elector.ts';
import type { Term } from '../election/term.ts';
import { ExpectedError } from '../errors.ts';
import type { RunListener } from '../events.ts';
import { exitCode } from '../exit-code.ts';

interface StoringPorts {
  readonly elector: Pick<Elector, 'campaign'>;
  /** Ends the trying. */
  readonly signal: AbortSignal;
  readonly emit: RunListener;
}

/** Releases the term; whether the key is stored then. @throws {ExpectedError} when it never can be */
export async function store(
  key: string,
  term: Term,
  { elector, signal, emit }: StoringPorts,
): Promise<boolean> {
  for (let current = term; ;) {
    const outcome = await current.release({ done: key, exitStatus: 0 });
    if (outcome.kind === 'released') {
      if (outcome.isForgetful) throw neverStored(key, 'the lock stores only the record');
      return true;
    }
    emit({ kind: 'not-stored', key });
    const campaign = await elector.campaign({ signal, once: key });
    if (campaign.kind === 'done') return true;
    if (campaign.kind === 'aborted') return false;
    if (campaign.kind !== 'elected')
      throw neverStored(key, campaign.kind === 'held' ? 'it is held' : campaign.fault.message);
    current = campaign.term;
  }
}

function neverStored(key: string, why: string): ExpectedError {
  return new ExpectedError(
    exitCode.unavailable,
    `CMD succeeded, but could not record ${JSON.stringify(key)} as done: ${why}`,
  );
}
