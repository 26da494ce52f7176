/**
 * The election, from a candidate's first look to a term.
 *
 *             ┌───────── sleep (next look, record runs out, patience ends) ◀──┐
 *             ▼                                                               │
 *     ──▶ looking ── held by another ─────────────────────────────────────────┤
 *          │   ▲                                                              │
 *          │   └──── conflict, or an answer that never came ──┐               │
 *          └── free, ours, or the wait is over ──▶ claiming ──┤               │
 *                                                             ├ written ──▶ elected: a Term (`term.ts`)
 *                                        patience is over ──▶ given up
 *
 * 1. Local time decides, remote time is for people (`observation.ts`). What is remembered here survives the end
 *    of a term, so a campaign that follows one keeps every promise it has seen.
 * 2. A claim is one write on the version whose wait has ended. Compare-and-swap makes a stale view harmless.
 * 3. Trust runs from when a claim was sent; one that was answered too late to start anything is written afresh.
 * 4. A campaign that ends without a term leaves nothing behind: a claim on the wire is awaited, and what it may
 *    have won is handed back, within `farewellMs`.
 */
import { backoffMs } from './backoff.ts';
import { bounded } from './bounded.ts';
import type { CampaignOptions, CampaignOutcome, ElectorOptions } from './campaign.ts';
import {
  afterConflict,
  afterFault,
  afterLook,
  newCandidate,
  nextStep,
  waitEndsAtMs,
  type Candidate,
  type Patience,
} from './candidate.ts';
import { asFault, type LockFault, type Versioned } from './lock.ts';
import { observe, type Observation } from './observation.ts';
import { newsBetween } from './news.ts';
import { Pen, type WriteOutcome } from './pen.ts';
import { release } from './release.ts';
import { Term } from './term.ts';
import { undisturbed } from './undisturbed.ts';
import { timingProblem, trustFrom } from './timing.ts';

/** Twice this, a farewell, and a shutdown still takes less than a second. */
const farewellMs = 400;
/** After a lost race the losers look again, not all in the same instant. */
const conflictSpreadMs = 10;

export class LeaderElector {
  readonly #options: Required<ElectorOptions>;
  readonly #pen: Pen;
  #memory: Observation | undefined;
  #isCampaigning = false;
  #term: Term | undefined;
  /** A claim of ours may have been, or may still be, applied without our having been told. */
  #mayHold = false;

  /** @throws {RangeError} when the timings cannot keep the promise, or the identity is empty */
  constructor(options: ElectorOptions) {
    const problem = timingProblem(options.timing);
    if (problem !== undefined) throw new RangeError(problem);
    if (options.identity === '') throw new RangeError('an empty holder means that nobody leads');
    const { emit = () => undefined, random = Math.random } = options;
    this.#options = { ...options, random, emit: undisturbed(emit) };
    this.#pen = new Pen(this.#options);
  }

  /**
   * Stands until elected, or until patience or `signal` ends it.
   * @throws {Error} when another campaign or term of this elector goes on
   */
  async campaign({
    signal,
    patience = { kind: 'forever' },
  }: CampaignOptions): Promise<CampaignOutcome> {
    if (this.#isCampaigning || this.#term?.isOngoing())
      throw new Error('this elector is already standing or leading');
    this.#isCampaigning = true;
    try {
      const outcome = await this.#stand(signal, patience);
      if (outcome.kind !== 'elected') await this.#withdraw();
      return outcome;
    } finally {
      this.#isCampaigning = false;
    }
  }

  async #stand(signal: AbortSignal, patience: Patience): Promise<CampaignOutcome> {
    const { clock, emit } = this.#options;
    let candidate = newCandidate(patience, clock.now(), this.#memory);
    const isAborted = () => signal.aborted;
    while (!isAborted()) {
      const before = candidate;
      const step = nextStep(candidate, this.#now());
      switch (step.kind) {
        case 'sleep':
          await clock.sleep(step.ms, signal);
          break;
        case 'look':
          candidate = await this.#look(candidate, signal);
          break;
        case 'claim': {
          const claimed = await this.#claim(step.observation, candidate, signal);
          if (claimed.kind === 'written' && !isAborted() && this.#isInTime(claimed)) {
            if (candidate.trouble) emit({ type: 'in-reach' });
            return { kind: 'elected', term: this.#beginTerm(claimed) };
          }
          candidate = this.#afterClaim(candidate, claimed);
          break;
        }
        case 'give-up':
          return givenUp(candidate, step.fault);
        default:
          return step satisfies never;
      }
      if (isAborted()) break;
      // Who gives up at once has one thing to tell, not two.
      if (nextStep(candidate, this.#now()).kind === 'give-up') continue;
      for (const event of newsBetween(before, candidate, clock.now())) emit(event);
    }
    return { kind: 'aborted' };
  }

  async #look(candidate: Candidate, signal: AbortSignal): Promise<Candidate> {
    try {
      return this.#afterSight(candidate, await this.#pen.read(signal, this.#leftMs(candidate)));
    } catch (thrown) {
      return this.#afterFault(candidate, asFault(thrown), 'look');
    }
  }

  async #claim(
    { seen }: Observation,
    candidate: Candidate,
    signal: AbortSignal,
  ): Promise<WriteOutcome> {
    const { clock } = this.#options;
    const mightHaveHeld = this.#mayHold;
    this.#mayHold = true;
    try {
      // The pen has bounds of its own: this one only ends the waiting when it is no longer worth it.
      const bound = { clock, boundMs: this.#leftMs(candidate), signal };
      const isWanted = () => !signal.aborted && this.#leftMs(candidate) > 0;
      const outcome = await bounded(bound, () => this.#pen.claim(seen, isWanted));
      if (outcome.kind === 'conflict' && outcome.isCertain) this.#mayHold = mightHaveHeld;
      return outcome;
    } catch (thrown) {
      return { kind: 'fault', fault: asFault(thrown) };
    }
  }

  /** An election that was answered too late has used up the time in which a command may be started. */
  #isInTime({ sentAtMs }: { sentAtMs: number }): boolean {
    return this.#pen.trustTime.now() < trustFrom(sentAtMs, this.#options.timing).lossAtMs;
  }

  #beginTerm(won: Extract<WriteOutcome, { kind: 'written' }>): Term {
    const { requestTimeoutMs, emit } = this.#options;
    const { record, version } = won.current;
    this.#mayHold = false;
    emit({ type: 'elected', fencingToken: version, transitions: record.transitions });
    this.#term = new Term({
      ...this.#options,
      pen: this.#pen,
      won,
      releaseTimeoutMs: Math.min(2 * requestTimeoutMs, 5_000),
      onUsurped: (seen) => this.#remember(seen),
    });
    return this.#term;
  }

  #afterClaim(candidate: Candidate, outcome: WriteOutcome): Candidate {
    switch (outcome.kind) {
      case 'written':
        return this.#afterSight(candidate, outcome.current);
      case 'conflict':
        return afterConflict(
          candidate,
          this.#options.clock.now() + this.#conflictPauseMs(candidate),
        );
      case 'fault':
        return this.#afterFault(candidate, outcome.fault, 'claim');
      default:
        return outcome satisfies never;
    }
  }

  #afterSight(candidate: Candidate, seen: Versioned | undefined): Candidate {
    const { clock, timing, random } = this.#options;
    const pauseMs = timing.retryPeriodMs * (1 + 0.2 * random());
    return afterLook(candidate, this.#remember(seen), clock.now() + pauseMs);
  }

  #remember(seen: Versioned | undefined): Observation {
    const { clock, timing } = this.#options;
    this.#memory = observe(this.#memory, {
      seen,
      nowMs: clock.now(),
      isOurs: seen !== undefined && this.#pen.isOurs(seen.record),
      assumedDurationMs: timing.leaseDurationMs,
    });
    return this.#memory;
  }

  /** The losers of a race look again at once, not all in the same instant; of race after race more and more slowly. */
  #conflictPauseMs({ conflicts }: Candidate): number {
    const { timing, random } = this.#options;
    return conflicts === 0 ? conflictSpreadMs * random() : backoffMs(conflicts, { timing, random });
  }

  #afterFault(candidate: Candidate, fault: LockFault, during: 'look' | 'claim'): Candidate {
    const { clock, timing, random } = this.#options;
    const pauseMs = backoffMs(candidate.trouble?.failures ?? 0, { fault, timing, random });
    return afterFault(candidate, { fault, nowMs: clock.now(), pauseMs }, during);
  }

  /** Nothing of ours stays behind: what a claim may have won is handed back. */
  async #withdraw(): Promise<void> {
    if (!this.#mayHold) return;
    const { clock } = this.#options;
    const onUsurped = (seen: Versioned) => this.#remember(seen);
    await release(this.#pen, { clock, boundMs: 2 * farewellMs, isOurs: () => true, onUsurped });
    this.#mayHold = false;
  }

  #leftMs(candidate: Candidate): number {
    return waitEndsAtMs(candidate) - this.#options.clock.now();
  }

  #now() {
    const { clock, timing, requestTimeoutMs } = this.#options;
    return {
      nowMs: clock.now(),
      wallMs: clock.wall(),
      assumedDurationMs: timing.leaseDurationMs,
      toleranceMs: requestTimeoutMs,
    };
  }
}

function givenUp(candidate: Candidate, fault: LockFault | undefined): CampaignOutcome {
  if (fault) return { kind: 'unavailable', fault };
  return { kind: 'held', holder: candidate.observation?.seen?.record.holder ?? '' };
}
