/**
 * The election, from a candidate's first look to a term.
 *
 *             ┌── sleep (next look, record runs out, patience ends, the watch shows something) ◀──┐
 *             ▼                                                                                   │
 *     ──▶ looking ── held by another ─────────────────────────────────────────────────────────────┤
 *          │   ▲                                                                                  │
 *          │   └──── conflict, or an answer that never came ──┐                                   │
 *          └── free, ours, or the wait is over ──▶ claiming ──┤                                   │
 *                                                             ├ written ──▶ elected: a term (`leading.ts`)
 *                                        patience is over ──▶ given up
 *
 * The rules are in `spec.md`. What is remembered survives the end of a term (`memory.ts`), so the next campaign keeps every
 * promise it has seen (R1, R3). A campaign that ends without a term leaves nothing behind: a claim on the wire is awaited
 * (R11), and what it may have won is handed back, within `farewellMs`.
 */
import { Campaign } from './campaigning.ts';
import { undisturbed } from './events.ts';
import { ElectedTerm } from './leading.ts';
import { Memory } from './memory.ts';
import type { CampaignOptions, CampaignOutcome, ElectorOptions } from './options.ts';
import { release } from './release.ts';
import { timingProblem } from './timing.ts';
import { Vigil } from './vigil.ts';
import { fencingTokenOf } from './version.ts';
import { LockWatch } from './watch.ts';
import { Writer, type Written } from './writer.ts';

/** Twice this, a farewell, and a shutdown still takes less than a second. */
const farewellMs = 400;

export class Elector {
  readonly #options: Required<ElectorOptions>;
  readonly #writer: Writer;
  readonly #memory: Memory;
  readonly #watch: LockWatch;
  #isCampaigning = false;
  #term: ElectedTerm | undefined;

  /** @throws {RangeError} when the timings cannot keep the promise, or the identity is empty */
  constructor(options: ElectorOptions) {
    const problem = timingProblem(options.timing);
    if (problem !== undefined) throw new RangeError(problem);
    if (options.identity === '') throw new RangeError('an empty holder means that nobody leads');
    const { emit = () => undefined, onSight = () => undefined } = options;
    const { random = Math.random, history = true } = options;
    this.#options = {
      ...options,
      deaths: options.deaths,
      random,
      history,
      emit: undisturbed(emit),
      onSight: undisturbed(onSight),
    };
    this.#writer = new Writer(this.#options);
    this.#memory = new Memory({ ...this.#options, writer: this.#writer });
    this.#watch = new LockWatch(this.#options);
  }

  /**
   * Stands until elected, or until patience or `signal` ends it.
   * @throws {Error} when another campaign or term of this elector goes on
   */
  async campaign({
    signal,
    patience = { kind: 'forever' },
    once,
  }: CampaignOptions): Promise<CampaignOutcome> {
    if (this.#isCampaigning || this.#term?.isOngoing())
      throw new Error('this elector is already standing or leading');
    this.#isCampaigning = true;
    const asideMs = this.#memory.asideUntilMs - this.#options.clock.now();
    if (asideMs > 0) this.#options.emit({ kind: 'standing-aside', forMs: asideMs });
    const vigil = new Vigil(this.#options.deaths);
    try {
      const campaign = new Campaign({ ...this.#parts(), vigil, patience, once, signal });
      const result = await campaign.untilDecided();
      if (result.kind === 'won' && !signal.aborted)
        return { kind: 'elected', term: this.#begin(result.won, signal) };
      this.#watch.stop();
      if (campaign.mayHold) await this.#withdraw();
      return result.kind === 'won' ? { kind: 'aborted' } : result;
    } finally {
      vigil.stop();
      this.#isCampaigning = false;
    }
  }

  #begin(won: Written, shutdown: AbortSignal): ElectedTerm {
    const { emit } = this.#options;
    const { record, version } = won.current;
    const fencingToken = fencingTokenOf(version);
    emit({ kind: 'elected', fencingToken, transitions: record.transitions });
    this.#term = new ElectedTerm({ ...this.#parts(), won, shutdown });
    return this.#term;
  }

  #parts() {
    return {
      ...this.#options,
      writer: this.#writer,
      memory: this.#memory,
      watch: this.#watch,
    };
  }

  /** Nothing of ours stays behind: what a claim may have won is handed back. */
  async #withdraw(): Promise<void> {
    const { clock } = this.#options;
    await release(this.#writer, {
      clock,
      boundMs: 2 * farewellMs,
      memory: this.#memory,
      acquireTimeUs: undefined,
    });
  }
}
