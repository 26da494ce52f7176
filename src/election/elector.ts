/**
 * The election, from a candidate's first look to a term.
 *
 *             ┌── sleep (next look, record runs out, patience ends, the watch shows something) ◀──┐
 *             ▼                                                                                   │
 *     ──▶ looking ── held by another ─────────────────────────────────────────────────────────────┤
 *          │   ▲                                                                                  │
 *          │   └──── conflict, or an answer that never came ──┐                                   │
 *          └── free, ours, or the wait is over ──▶ claiming ──┤                                   │
 *                                                             ├ written ──▶ elected: a Term (`term.ts`)
 *                                        patience is over ──▶ given up
 *
 * 1. Local time decides, remote time is for people (`observation.ts`). What is remembered survives the end of a term
 *    (`memory.ts`), so a campaign that follows one keeps every promise it has seen.
 * 2. A claim is one write on the version whose wait has ended. Compare-and-swap makes a stale view harmless.
 * 3. Trust runs from when a claim was sent; one that was answered too late to start anything is written afresh.
 * 4. A campaign that ends without a term leaves nothing behind: a claim on the wire is awaited, and what it may
 *    have won is handed back, within `farewellMs`.
 */
import type { CampaignOptions, CampaignOutcome, ElectorOptions } from './campaign.ts';
import { Lookout } from './lookout.ts';
import { Memory } from './memory.ts';
import { Pen } from './pen.ts';
import { release } from './release.ts';
import { Stand } from './stand.ts';
import type { Won } from './stand-options.ts';
import { ElectedTerm } from './term.ts';
import { undisturbed } from './undisturbed.ts';
import { timingProblem } from './timing.ts';
import { fencingTokenOf } from './version.ts';

/** Twice this, a farewell, and a shutdown still takes less than a second. */
const farewellMs = 400;

export class Elector {
  readonly #options: Required<ElectorOptions>;
  readonly #pen: Pen;
  readonly #memory: Memory;
  readonly #lookout: Lookout;
  #isCampaigning = false;
  #term: ElectedTerm | undefined;

  /** @throws {RangeError} when the timings cannot keep the promise, or the identity is empty */
  constructor(options: ElectorOptions) {
    const problem = timingProblem(options.timing);
    if (problem !== undefined) throw new RangeError(problem);
    if (options.identity === '') throw new RangeError('an empty holder means that nobody leads');
    const { emit = () => undefined, onSight = () => undefined, random = Math.random } = options;
    this.#options = {
      ...options,
      random,
      emit: undisturbed(emit),
      onSight: undisturbed(onSight),
    };
    this.#pen = new Pen(this.#options);
    this.#memory = new Memory({ ...this.#options, pen: this.#pen });
    this.#lookout = new Lookout(this.#options);
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
    if (asideMs > 0) this.#options.emit({ type: 'standing-aside', forMs: asideMs });
    try {
      const stand = new Stand({
        ...this.#options,
        pen: this.#pen,
        memory: this.#memory,
        lookout: this.#lookout,
        patience,
        once,
        signal,
        beginTerm: (won) => this.#beginTerm(won, signal),
      });
      const outcome = await stand.untilDecided();
      if (outcome.kind === 'elected') return outcome;
      this.#lookout.stop();
      if (stand.mayHold) await this.#withdraw();
      return outcome;
    } finally {
      this.#isCampaigning = false;
    }
  }

  #beginTerm(won: Won, shutdown: AbortSignal): ElectedTerm {
    const { requestTimeoutMs, emit } = this.#options;
    const { record, version } = won.current;
    emit({
      type: 'elected',
      fencingToken: fencingTokenOf(version),
      transitions: record.transitions,
    });
    this.#term = new ElectedTerm({
      ...this.#options,
      pen: this.#pen,
      lookout: this.#lookout,
      won,
      shutdown,
      remember: (seen) => this.#memory.remember(seen),
      standAside: (transitions) => {
        this.#memory.standAside(transitions);
      },
      releaseTimeoutMs: Math.min(2 * requestTimeoutMs, 5_000),
    });
    return this.#term;
  }

  /** Nothing of ours stays behind: what a claim may have won is handed back. */
  async #withdraw(): Promise<void> {
    const { clock } = this.#options;
    await release(this.#pen, {
      clock,
      boundMs: 2 * farewellMs,
      isOurs: () => true,
      onUsurped: (seen) => this.#memory.remember(seen),
    });
  }
}
