/**
 * One campaign: a candidate's way from its first look to a claim that was acknowledged, or to its end. The diagram is
 * in `elector.ts`; what to do next is decided in `candidate.ts`, and carried out here.
 */
import {
  afterConflict,
  afterFault,
  afterGlimpse,
  afterLook,
  afterWatch,
  newCandidate,
  nextStep,
  waitEndsAtMs,
  type Candidate,
  type Sight,
} from './candidate.ts';
import { givenUp, type CampaignResult, type CampaignSetup } from './campaign-setup.ts';
import { afterDeath, homeIn } from './death.ts';
import { hesitationMs } from './hesitation.ts';
import { asFault, type LockFault, type Sighting, type Versioned } from './lock.ts';
import { candidateNews } from './news.ts';
import type { Observation } from './observation.ts';
import { backoffMs, bounded } from './request.ts';
import { trustFrom } from './timing.ts';
import { isLater } from './version.ts';
import { waitForNews } from './watch.ts';
import type { WriteOutcome, Written } from './writer.ts';

/** The losers of a race read again, but not all in the same instant. */
const conflictSpreadMs = 10;
/** The watch will show the winner, so there is no hurry to read. */
const watchedConflictSpreadMs = 1_000;

export class Campaign {
  readonly #options: CampaignSetup;
  #candidate: Candidate;
  #mayHold = false;

  constructor(options: CampaignSetup) {
    this.#options = options;
    const { clock, patience, memory, once } = options;
    this.#candidate = newCandidate(patience, clock.now(), memory.observation, once);
  }

  /** A claim of ours may have been applied, or may still be, and we do not know it. */
  get mayHold(): boolean {
    return this.#mayHold;
  }

  async untilDecided(): Promise<CampaignResult> {
    const { clock, emit, signal } = this.#options;
    const isAborted = () => signal.aborted;
    while (!isAborted()) {
      const before = this.#candidate;
      const step = nextStep(before, this.#now());
      switch (step.kind) {
        case 'sleep':
          // A free lock is taken before the first sleep, and never watched.
          if (before.sights > 0) this.#options.watch.start();
          await waitForNews(step.ms, this.#options);
          break;
        case 'look':
          await this.#look();
          break;
        case 'claim': {
          const claimed = await this.#claim(step.observation);
          if (claimed.kind === 'written' && !isAborted() && this.#isInTime(claimed)) {
            if (before.trouble) emit({ kind: 'in-reach' });
            return { kind: 'won', won: claimed };
          }
          this.#afterClaim(claimed);
          break;
        }
        case 'done':
          return { kind: 'done' };
        case 'give-up':
          return givenUp(before, step.fault);
        default:
          return step satisfies never;
      }
      if (isAborted()) break;
      this.#heed();
      // The outcome says it; emit no event as well.
      if (['give-up', 'done'].includes(nextStep(this.#candidate, this.#now()).kind)) continue;
      for (const event of candidateNews(before, this.#candidate, clock.now())) emit(event);
    }
    return { kind: 'aborted' };
  }

  /** Takes in what the watch has shown, in order, because every promise in it counts; and a death. */
  #heed(): void {
    const { watch } = this.#options;
    if (this.#candidate.isWatching !== watch.isOpen)
      this.#candidate = afterWatch(this.#candidate, watch.isOpen, this.#moment());
    for (const sighting of watch.take()) this.#glimpse(sighting);
    this.#hearOfDeath();
  }

  /** The one whose lease we wait for is certified to be dead (R15). */
  #hearOfDeath(): void {
    const { vigil, memory, emit } = this.#options;
    const death = vigil.take();
    const observation = death && memory.bury(death);
    if (!observation) return;
    this.#candidate = afterDeath(this.#candidate, this.#seeing(observation, true));
    emit({ kind: 'holder-dead', holder: death.home.holder });
  }

  /** A watch may be late or start over: only what is newer than everything known counts. */
  #glimpse({ version, seen }: Sighting): void {
    const { memory, clock } = this.#options;
    const known = memory.observation?.seen;
    const isNews = known ? isLater(version, known.version) : true;
    if (isNews) this.#candidate = afterGlimpse(this.#candidate, this.#sight(seen));
    if (isNews !== undefined) return;
    memory.overhear(seen);
    this.#candidate = { ...this.#candidate, outdated: true, nextLookAtMs: clock.now() };
  }

  async #look(): Promise<void> {
    const { writer, signal, watch } = this.#options;
    try {
      const seen = await writer.read(signal, this.#leftMs());
      // The watch may have been faster than the answer. Take what it shows in the order of versions.
      const shown = watch.take();
      const isBefore = ({ version }: Sighting) => seen && isLater(seen.version, version) === true;
      for (const sighting of shown.filter(isBefore)) this.#glimpse(sighting);
      const later = shown.filter((sighting) => !isBefore(sighting));
      const before = this.#candidate;
      this.#candidate = afterLook(before, this.#sight(seen));
      // The watch should have shown this, and may just have done so.
      const isShown = seen ? later.length > 0 : later.some((sighting) => !sighting.seen);
      if (before.isWatching && !isShown && this.#candidate.quietLooks === 0) watch.renew();
      for (const sighting of later) this.#glimpse(sighting);
    } catch (thrown) {
      this.#afterFault(asFault(thrown), 'look');
    }
  }

  async #claim({ seen }: Observation): Promise<WriteOutcome> {
    const { clock, writer, signal, watch, memory } = this.#options;
    const mightHaveHeld = this.#mayHold;
    this.#mayHold = true;
    let isOvertaken = false as boolean;
    watch.listen(() => {
      // Somebody else has written: our claim can no longer succeed, and the server has many others to answer.
      isOvertaken ||= watch.untaken.some((sighting) => this.#overtakes(sighting, seen));
      if (isOvertaken) writer.abandon();
    });
    try {
      // The writer has its own bounds. This one stops waiting when patience ends.
      const bound = { clock, boundMs: this.#leftMs(), signal };
      const isWanted = () => !signal.aborted && this.#leftMs() > 0;
      const outcome = await bounded(bound, () =>
        writer.claim(seen, { isWanted, death: memory.death }),
      );
      if (outcome.kind === 'conflict' && outcome.isCertain) this.#mayHold = mightHaveHeld;
      if (outcome.kind === 'fault' && isOvertaken) return { kind: 'conflict', isCertain: false };
      return outcome;
    } catch (thrown) {
      return { kind: 'fault', fault: asFault(thrown) };
    }
  }

  #overtakes({ version, seen }: Sighting, basis: Versioned | undefined): boolean {
    if (this.#options.writer.isOurs(seen?.record)) return false;
    // In a two-object lock this may be the half of our claim already written.
    if (seen?.isTorn) return false;
    return basis !== undefined && isLater(version, basis.version) === true;
  }

  /** R4: a claim that is answered too late leaves no time to start a command. */
  #isInTime({ sentAtMs }: Written): boolean {
    const { writer, timing } = this.#options;
    return writer.trustTime.now() < trustFrom(sentAtMs, timing).lossAtMs;
  }

  #afterClaim(outcome: WriteOutcome): void {
    switch (outcome.kind) {
      case 'written':
        this.#candidate = afterLook(this.#candidate, this.#sight(outcome.current));
        break;
      case 'conflict': {
        const isHalfWay = !outcome.isCertain;
        const lookAtMs = this.#options.clock.now() + this.#conflictPauseMs(isHalfWay);
        this.#candidate = afterConflict(this.#candidate, lookAtMs, isHalfWay);
        break;
      }
      case 'fault':
        this.#afterFault(outcome.fault, 'claim');
        break;
      default:
        outcome satisfies never;
    }
  }

  #afterFault(fault: LockFault, during: 'look' | 'claim'): void {
    const { clock, timing, random } = this.#options;
    const pauseMs = backoffMs(this.#candidate.trouble?.failures ?? 0, {
      fault,
      timing,
      spread: random(),
    });
    this.#candidate = afterFault(this.#candidate, { fault, nowMs: clock.now(), pauseMs }, during);
  }

  #sight(seen: Versioned | undefined): Sight {
    const { memory, watch, vigil, writer } = this.#options;
    vigil.follow(writer.isOurs(seen?.record) ? undefined : homeIn(seen));
    // All watching standbys see this at the same moment.
    return this.#seeing(memory.remember(seen), watch.isOpen);
  }

  #seeing(observation: Observation, byMany: boolean): Sight {
    const { memory, random } = this.#options;
    const { asideUntilMs, hasRivals } = memory;
    const hesitation = { hesitationMs: byMany ? hesitationMs(random, hasRivals) : 0 };
    return { ...this.#moment(), ...hesitation, observation, asideUntilMs };
  }

  /** After one lost race, read again almost at once; after several in a row, back off. */
  #conflictPauseMs(isHalfWay: boolean): number {
    const { timing, random, watch } = this.#options;
    const { conflicts } = this.#candidate;
    if (conflicts > 0) return backoffMs(conflicts, { timing, spread: random() });
    const isShown = watch.isOpen && !isHalfWay;
    return (isShown ? watchedConflictSpreadMs : conflictSpreadMs) * random();
  }

  #leftMs(): number {
    return waitEndsAtMs(this.#candidate) - this.#options.clock.now();
  }

  #moment() {
    const { clock, timing, random } = this.#options;
    return { nowMs: clock.now(), timing, spread: random() };
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
