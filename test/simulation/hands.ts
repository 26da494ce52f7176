/**
 * What hands on the record excuse. Somebody who claims while another still leads in good faith could not know of it when
 * that one's record was taken away, somebody has taken its place since, and
 *
 * - the one who claims has never seen its record as its holder had written it; or
 * - it has, but not what the hand has left: a release by whoever has taken the place looks like any other. An object that
 *   was deleted is known again by its uid, unless the holder had restored it and it was deleted a second time.
 */
import type { LeaderRecord, Versioned } from '../../src/election/lock.ts';
import { termOf } from './life.ts';
import type { Place } from './schedule.ts';

export interface Blow {
  readonly kind: string;
  readonly place: Place;
  /** Whose record is there afterwards. */
  readonly source: Versioned;
  readonly before: Versioned;
  readonly after: Versioned | undefined;
}

/** What a candidate had seen when it claimed. What it is shown later, it heeds by ending its command. */
export interface Knowledge {
  /** The term of every record. */
  readonly terms: ReadonlySet<string>;
  readonly versions: ReadonlySet<string>;
}

interface Robbery {
  readonly victim: string;
  readonly place: Place;
  /** What the hand has left. */
  readonly version: string | undefined;
  readonly leavesTrace: boolean;
  /** Whether somebody else has written since. */
  isTaken: boolean;
}

const robbing = ['deleted', 'cleared', 'wiped', 'shortened', 'replayed'];

export class Hands {
  #robberies: Robbery[] = [];
  readonly #deleted = new Set<string>();
  /** The term that a candidate has written last, whatever hands have made of it since. */
  readonly #latest: Record<Place, string | undefined> = { first: undefined, second: undefined };

  strike({ kind, place, after }: Blow): void {
    const victim = this.#latest[place];
    if (!robbing.includes(kind) || victim === undefined) return;
    const leavesTrace = kind === 'deleted' && !this.#deleted.has(victim);
    if (kind === 'deleted') this.#deleted.add(victim);
    this.#robberies.push({ victim, place, version: after?.version, leavesTrace, isTaken: false });
  }

  /** A candidate has written that. What its holder has restored is as if nothing had happened. */
  written(place: Place, record: LeaderRecord): void {
    const term = whoever(termOf(record));
    this.#latest[place] = record.holder ? term : undefined;
    const isBack = ({ victim }: Robbery) => victim === term;
    this.#robberies = this.#robberies.filter(
      (robbery) => robbery.place !== place || robbery.isTaken || !isBack(robbery),
    );
    for (const robbery of this.#robberies) if (robbery.place === place) robbery.isTaken = true;
  }

  excuse(newer: Knowledge, term: string): boolean {
    const robberies = this.#robberies.filter(
      ({ victim, isTaken }) => isTaken && victim === whoever(term),
    );
    if (robberies.length === 0) return false;
    if (!newer.terms.has(term)) return true;
    return robberies.some(
      ({ leavesTrace, version = '' }) => !leavesTrace && !newer.versions.has(version),
    );
  }
}

/** A term by its holder and beginning alone: a hand may have cut it short. */
export function whoever(term: string): string {
  return term.slice(0, term.lastIndexOf('/'));
}
