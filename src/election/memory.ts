import type { ElectorOptions } from './options.ts';
import { withoutDead, type Death } from './death.ts';
import type { LeaderRecord, Versioned } from './lock.ts';
import { isSameTerm } from './record.ts';
import { claimableAtMs, observe, overhear, type Observation, type Sight } from './observation.ts';
import type { Writer } from './writer.ts';
import { jitterFactor } from './timing.ts';

export interface MemoryOptions extends Pick<
  Required<ElectorOptions>,
  'clock' | 'timing' | 'onSight'
> {
  readonly writer: Writer;
}

/**
 * What this process knows of the lock. It survives campaigns and terms, so that every promise that was seen is kept (R3). A
 * leader that was asked to step down lets others go first: for a lease duration, or until one of them has led.
 */
export class Memory {
  readonly #options: MemoryOptions;
  #observation: Observation | undefined;
  #death: Death | undefined;
  #asideUntilMs = -Infinity;
  #transitions = 0;
  #hasRivals = false;

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  /** Undefined before the first sight ever. */
  get observation(): Observation | undefined {
    return this.#observation;
  }

  /** Of the latest holder that was certified to be dead. */
  get death(): Death | undefined {
    return this.#death;
  }

  /** Local time before which we claim nothing. */
  get asideUntilMs(): number {
    return this.#asideUntilMs;
  }

  /** Whether somebody else has begun a term since the first sight. */
  get hasRivals(): boolean {
    return this.#hasRivals;
  }

  /** From now on others go first. `transitions` are those of the term that has ended. */
  standAside(transitions: number): void {
    const { clock, timing } = this.#options;
    this.#transitions = transitions;
    this.#asideUntilMs = clock.now() + timing.leaseDurationMs;
  }

  /**
   * Who lived there is certified to be dead: what it promised, now or later, is void (R15). What is left of the
   * promises; undefined when that changes nothing.
   */
  bury(death: Death): Observation | undefined {
    this.#death = death;
    const before = this.#observation;
    this.#observation = before && withoutDead(before, death.home);
    return this.#observation === before ? undefined : this.#observation;
  }

  /** Takes into account what the lock was seen to be just now. */
  remember(seen: Versioned | undefined): Observation {
    const { onSight } = this.#options;
    const sight = this.#sight(seen);
    this.#hasRivals ||= !sight.isOurs && isNewTerm(this.#observation, seen);
    const observation = observe(this.#observation, sight);
    this.#observation = withoutDead(observation, this.#death?.home);
    if (seen && this.#isOfAnother(seen.record)) this.#asideUntilMs = -Infinity;
    const holder = seen?.record.holder ?? '';
    onSight({ holder, claimableAtMs: claimableAtMs(this.#observation) });
    return this.#observation;
  }

  /** Takes into account what the lock was at some time, nobody knows when. */
  overhear(seen: Versioned | undefined): void {
    this.#observation &&= overhear(this.#observation, this.#sight(seen));
  }

  #sight(seen: Versioned | undefined): Sight {
    const { clock, timing, writer } = this.#options;
    return {
      seen,
      nowMs: clock.now(),
      isOurs: writer.isOurs(seen?.record),
      isDoubtful: seen !== undefined && writer.isDoubtful(seen.record),
      renewedWithinMs: timing.retryPeriodMs * jitterFactor,
      assumedDurationMs: timing.leaseDurationMs,
    };
  }

  /** Whether somebody else leads, or has led and released. Our own record, emptied by somebody, does not count. */
  #isOfAnother(record: LeaderRecord): boolean {
    const isEmptied = record.holder === '' && record.transitions === this.#transitions;
    return !isEmptied && !this.#options.writer.wrote(record);
  }
}

function isNewTerm(before: Observation | undefined, seen: Versioned | undefined): boolean {
  if (!before || !seen?.record.holder) return false;
  return !before.seen || !isSameTerm(before.seen.record, seen.record);
}
