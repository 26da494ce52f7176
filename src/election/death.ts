/**
 * A certified death ends a promise (R15). Pure, but for the port.
 *
 *     held, and its holder's home is known ── that process, and all that it started, is certified to be gone ──▶ claimable
 *
 * A dead process promises nothing, and whatever it still has on the wire meets the compare-and-swap of the claim, or is a
 * record of the same dead term. So a death counts for every version of one term, and for no other term. What others were
 * promised before stays promised (R3). Nothing but such a certificate says that somebody is dead: no silence, no clock.
 */
import type { Candidate, Sight } from './candidate.ts';
import type { Home, Versioned } from './lock.ts';
import { claimableAtMs, type Observation } from './observation.ts';
import { isFor } from './record.ts';

/** The process that wrote this home, and everything it started, is certainly gone: it may never run again. */
export interface Death {
  readonly home: Home;
  /** When it ended, by the clock of who certifies it; undefined: nobody knows. For people: nothing depends on it. */
  readonly atUs: number | undefined;
}

/** The port through which the election learns that holders are dead. */
export interface Deaths {
  /** Resolves when who lives there is dead; with undefined when that will not be known. Ends when `signal` aborts. */
  untilCertified(home: Home, signal: AbortSignal): Promise<Death | undefined>;
}

/** Where the holder of this very term runs. Of a lock that is half written nobody can tell. */
export function homeIn(seen: Versioned | undefined): Home | undefined {
  if (!seen || seen.isTorn || seen.record.holder === '') return undefined;
  return isFor(seen.record.home, seen.record) ? seen.record.home : undefined;
}

export function isSameHome(one: Home | undefined, other: Home | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What is left of the promises when the holder that lives there is dead; the same when it holds nothing. */
export function withoutDead(observation: Observation, dead: Home | undefined): Observation {
  const { seen, othersUntilMs, forcedUntilMs, holder } = observation;
  if (!dead || !holder || !isSameHome(homeIn(seen), dead)) return observation;
  return { seen, promisedUntilMs: othersUntilMs, othersUntilMs, forcedUntilMs };
}

/** All standbys learn of it at the same moment, so they hesitate as they do after a release. */
export function afterDeath(candidate: Candidate, sight: Sight): Candidate {
  const { observation, nowMs, hesitationMs, asideUntilMs = -Infinity } = sight;
  const freeAtMs = Math.max(claimableAtMs(observation), asideUntilMs, nowMs);
  return { ...candidate, observation, claimAtMs: freeAtMs + hesitationMs };
}
