/**
 * What a leader makes of what the watch shows. An event never ends a term, be it as clear as it may: it can be stale or
 * replayed (design rule 6). One that is newer than our own latest write, and not our own, raises an alarm; the renewal
 * that follows at once is answered by the server itself, and decides.
 */
import type { Sighting, Versioned } from './lock.ts';
import type { Lookout } from './lookout.ts';
import { isLater } from './version.ts';

export interface SentryOptions {
  readonly lookout: Lookout;
  /** Whether this is just what we have written. */
  readonly isAsWritten: (seen: Versioned | undefined) => boolean;
  /** What our latest acknowledged write became; undefined when the object is known to be gone. */
  readonly basis: () => Versioned | undefined;
  /** Told of everything else, in its order. */
  readonly remember: (seen: Versioned | undefined) => void;
  /** In the time in which writes are said to have been sent. */
  readonly now: () => number;
  /** Called once, until the alarm is over. */
  readonly onAlarm: () => void;
}

export class Sentry {
  readonly #options: SentryOptions;
  #alarm: (Sighting & { readonly atMs: number }) | undefined;

  constructor(options: SentryOptions) {
    this.#options = options;
    options.lookout.listen(() => {
      this.#look();
    });
    this.#look();
  }

  get isAlarmed(): boolean {
    return this.#alarm !== undefined;
  }

  /**
   * A write of ours has become `current`: whatever was seen before it was sent is history, or was never true, or the
   * server would have refused it.
   */
  acknowledged(current: Versioned, sentAtMs: number): void {
    if (!this.#alarm) return;
    const { atMs, version } = this.#alarm;
    if (atMs <= sentAtMs || isLater(version, current.version) !== true) this.#alarm = undefined;
  }

  #look(): void {
    const { lookout, isAsWritten, basis, remember, now, onAlarm } = this.#options;
    for (const sighting of lookout.take()) {
      const known = basis();
      if (known && isLater(sighting.version, known.version) === false) continue;
      if (isAsWritten(sighting.seen)) continue;
      remember(sighting.seen);
      const wasAlarmed = this.isAlarmed;
      this.#alarm = { ...sighting, atMs: now() };
      if (!wasAlarmed) onAlarm();
    }
  }
}
