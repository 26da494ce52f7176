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
import type { Clock } from './clock.ts';
import type { ElectionListener } from './events.ts';
import { asFault, type LeaderRecord, type Lock, type LockFault, type Versioned } from './lock.ts';
import { claimableAtMs, observe, type Observation } from './observation.ts';
import { Pen, type WriteOutcome } from './pen.ts';
import { release } from './release.ts';
import { Term } from './term.ts';
import { timingProblem, trustFrom, type Timing } from './timing.ts';

export interface ElectorOptions {
  readonly lock: Lock;
  readonly clock: Clock;
  readonly timing: Timing;
  /** For people to read; two processes that share one still never both lead. */
  readonly identity: string;
  /** Bound of every single request. */
  readonly requestTimeoutMs: number;
  readonly emit?: ElectionListener;
  /** Uniform in [0, 1); spreads retries and signs writes. */
  readonly random?: () => number;
}

export interface CampaignOptions {
  /** Ends the campaign. */
  readonly signal: AbortSignal;
  readonly patience?: Patience;
}

export type CampaignOutcome =
  | { readonly kind: 'elected'; readonly term: Term }
  /** Patience ended while somebody else held the lock, as far as we know. */
  | { readonly kind: 'held'; readonly holder: string }
  /** Patience ended while the lock was out of reach, or the lock cannot be used at all. */
  | { readonly kind: 'unavailable'; readonly fault: LockFault }
  | { readonly kind: 'aborted' };

/** Twice this, a farewell, and a shutdown still takes less than a second. */
const farewellMs = 400;
/** After a lost race the losers look again, not all in the same instant. */
const conflictSpreadMs = 10;

export class LeaderElector {
  readonly #options: Required<ElectorOptions>;
  readonly #pen: Pen;
  #memory: Observation | undefined;
  /** A claim of ours may have been, or may still be, applied without our having been told. */
  #mayHold = false;

  /** @throws {RangeError} when the timings cannot keep the promise */
  constructor(options: ElectorOptions) {
    const problem = timingProblem(options.timing);
    if (problem !== undefined) throw new RangeError(problem);
    this.#options = { emit: () => undefined, random: Math.random, ...options };
    this.#pen = new Pen(this.#options);
  }

  /** Stands until elected, or until patience or `signal` ends it. One campaign or term at a time. */
  async campaign({
    signal,
    patience = { kind: 'forever' },
  }: CampaignOptions): Promise<CampaignOutcome> {
    const { clock } = this.#options;
    let candidate = newCandidate(patience, clock.now(), this.#memory);
    while (!signal.aborted) {
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
          const claimed = await this.#claim(step.observation, signal);
          if (claimed.kind === 'written' && this.#isInTime(claimed)) return this.#elected(claimed);
          candidate = this.#afterClaim(candidate, claimed);
          break;
        }
        case 'give-up':
          await this.#withdraw();
          return givenUp(candidate, step.fault);
        default:
          return step satisfies never;
      }
      this.#report(before, candidate);
    }
    await this.#withdraw();
    return { kind: 'aborted' };
  }

  async #look(candidate: Candidate, signal: AbortSignal): Promise<Candidate> {
    try {
      return this.#afterSight(candidate, await this.#pen.read(signal));
    } catch (thrown) {
      return this.#afterFault(candidate, asFault(thrown), 'look');
    }
  }

  async #claim({ seen }: Observation, signal: AbortSignal): Promise<WriteOutcome> {
    const { clock, requestTimeoutMs } = this.#options;
    const mightHaveHeld = this.#mayHold;
    this.#mayHold = true;
    try {
      // The pen keeps its own, shorter bounds: this one only lets `signal` end the waiting.
      const bound = { clock, boundMs: 2 * requestTimeoutMs + 1_000, signal };
      const outcome = await bounded(bound, () => this.#pen.claim(seen));
      if (outcome.kind === 'conflict') this.#mayHold = mightHaveHeld;
      return outcome;
    } catch (thrown) {
      return { kind: 'fault', fault: asFault(thrown) };
    }
  }

  /** An election that was answered too late has used up the time in which a command may be started. */
  #isInTime({ sentAtMs }: { sentAtMs: number }): boolean {
    return this.#pen.trustTime.now() < trustFrom(sentAtMs, this.#options.timing).lossAtMs;
  }

  #elected(won: Extract<WriteOutcome, { kind: 'written' }>): CampaignOutcome {
    const { requestTimeoutMs, emit } = this.#options;
    const { record, version } = won.current;
    this.#mayHold = false;
    emit({ type: 'elected', fencingToken: version, transitions: record.transitions });
    const releaseTimeoutMs = Math.min(requestTimeoutMs, 5_000);
    const term = new Term({ ...this.#options, pen: this.#pen, won, releaseTimeoutMs });
    return { kind: 'elected', term };
  }

  #afterClaim(candidate: Candidate, outcome: WriteOutcome): Candidate {
    switch (outcome.kind) {
      case 'written':
        return this.#afterSight(candidate, outcome.current);
      case 'conflict':
        return afterConflict(candidate, this.#in(conflictSpreadMs * this.#options.random()));
      case 'fault':
        return this.#afterFault(candidate, outcome.fault, 'claim');
      default:
        return outcome satisfies never;
    }
  }

  #afterSight(candidate: Candidate, seen: Versioned | undefined): Candidate {
    const { clock, timing, random } = this.#options;
    this.#memory = observe(this.#memory, {
      seen,
      nowMs: clock.now(),
      isOurs: seen !== undefined && this.#pen.isOurs(seen.record),
      assumedDurationMs: timing.leaseDurationMs,
    });
    const pauseMs = timing.retryPeriodMs * (1 + 0.2 * random());
    return afterLook(candidate, this.#memory, this.#in(pauseMs));
  }

  #afterFault(candidate: Candidate, fault: LockFault, during: 'look' | 'claim'): Candidate {
    const { clock, timing, random } = this.#options;
    const pauseMs = backoffMs(candidate.trouble?.failures ?? 0, { fault, timing, random });
    return afterFault(candidate, { fault, nowMs: clock.now(), pauseMs }, during);
  }

  /** Nothing of ours stays behind: what a claim may have won is handed back. */
  async #withdraw(): Promise<void> {
    if (!this.#mayHold) return;
    await release(this.#pen, { clock: this.#options.clock, boundMs: 2 * farewellMs });
    this.#mayHold = false;
  }

  #report(before: Candidate, after: Candidate): void {
    const { emit } = this.#options;
    if (after.trouble && after.trouble.fault.kind !== before.trouble?.fault.kind)
      emit({ type: 'out-of-reach', fault: after.trouble.fault });
    if (before.trouble && !after.trouble) emit({ type: 'in-reach' });

    const { observation } = after;
    if (!observation || observation === before.observation) return;
    const nowMs = this.#options.clock.now();
    const freeInMs = claimableAtMs(observation) - nowMs;
    if (freeInMs <= 0) return;
    const record = observation.seen?.record;
    if (!record?.holder) emit({ type: 'waiting-out', freeInMs });
    else if (!isSameTerm(record, before.observation?.seen?.record))
      emit({ type: 'standing-by', record, freeInMs, givesUpInMs: waitEndsAtMs(after) - nowMs });
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

  #in(ms: number): number {
    return this.#options.clock.now() + ms;
  }
}

function givenUp(candidate: Candidate, fault: LockFault | undefined): CampaignOutcome {
  if (fault) return { kind: 'unavailable', fault };
  return { kind: 'held', holder: candidate.observation?.seen?.record.holder ?? '' };
}

function isSameTerm(record: LeaderRecord, other: LeaderRecord | undefined): boolean {
  return record.holder === other?.holder && record.acquireTimeUs === other.acquireTimeUs;
}
