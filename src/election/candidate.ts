/**
 * What a candidate knows and does next. Pure: the campaign (`elector.ts`) carries each step out and tells what
 * came of it.
 */
import type { LockFault } from './lock.ts';
import { claimableAtMs, looksAlive, type Observation } from './observation.ts';

/**
 * - `forever`: until elected
 * - `try`: give up as soon as somebody else looks alive, or the lock stays out of reach for a while
 * - `wait`: give up after `waitMs`
 */
export type Patience =
  | { readonly kind: 'forever' }
  | { readonly kind: 'try' }
  | { readonly kind: 'wait'; readonly waitMs: number };

export interface Candidate {
  readonly patience: Patience;
  readonly startedAtMs: number;
  /** Undefined before the first look ever. */
  readonly observation: Observation | undefined;
  /** The observed version is known not to be the latest: look before claiming. */
  readonly outdated: boolean;
  readonly nextLookAtMs: number;
  /** Successful looks of this campaign. */
  readonly looks: number;
  /** How many of them, after the first, found a new version. */
  readonly signsOfLife: number;
  /** Claims in a row for which somebody else was faster. */
  readonly conflicts: number;
  /** What has kept us from the lock since `sinceMs`. */
  readonly trouble: Trouble | undefined;
}

export interface Trouble {
  readonly fault: LockFault;
  readonly sinceMs: number;
  readonly failures: number;
  readonly during: 'look' | 'claim';
}

/** A candidate at the start of a campaign, with what earlier campaigns remember. */
export function newCandidate(
  patience: Patience,
  startedAtMs: number,
  memory: Observation | undefined,
): Candidate {
  return {
    patience,
    startedAtMs,
    observation: memory,
    outdated: true,
    nextLookAtMs: -Infinity,
    looks: 0,
    signsOfLife: 0,
    conflicts: 0,
    trouble: undefined,
  };
}

export function afterLook(
  candidate: Candidate,
  observation: Observation,
  nextLookAtMs: number,
): Candidate {
  const isNew = candidate.looks > 0 && observation !== candidate.observation;
  const isPromised = observation.promisedUntilMs > -Infinity;
  return {
    ...candidate,
    observation,
    outdated: false,
    nextLookAtMs,
    looks: candidate.looks + 1,
    signsOfLife: candidate.signsOfLife + (isNew ? 1 : 0),
    conflicts: isNew && isPromised ? 0 : candidate.conflicts,
    // A look that works says nothing about claims that do not.
    trouble: candidate.trouble?.during === 'claim' && !isPromised ? candidate.trouble : undefined,
  };
}

/** Somebody else was faster. */
export function afterConflict(candidate: Candidate, nextLookAtMs: number): Candidate {
  const conflicts = candidate.conflicts + 1;
  return { ...candidate, outdated: true, nextLookAtMs, conflicts, trouble: undefined };
}

/** A failed look leaves what we know as it is; after a claim without an answer we know nothing. */
export function afterFault(
  candidate: Candidate,
  { fault, nowMs, pauseMs }: { fault: LockFault; nowMs: number; pauseMs: number },
  during: 'look' | 'claim',
): Candidate {
  const { trouble } = candidate;
  return {
    ...candidate,
    outdated: candidate.outdated || during === 'claim',
    nextLookAtMs: nowMs + pauseMs,
    trouble: {
      fault,
      sinceMs: trouble?.sinceMs ?? nowMs,
      failures: (trouble?.failures ?? 0) + 1,
      during,
    },
  };
}

export type Step =
  | { readonly kind: 'look' }
  /** One write on exactly the observed version, nothing read before it. */
  | { readonly kind: 'claim'; readonly observation: Observation }
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'give-up'; readonly fault: LockFault | undefined };

export interface Now {
  readonly nowMs: number;
  readonly wallMs: number;
  readonly assumedDurationMs: number;
  /** How long `try` puts up with faults. */
  readonly toleranceMs: number;
}

export function nextStep(candidate: Candidate, now: Now): Step {
  const { nowMs } = now;
  if (hasHadEnough(candidate, now)) return { kind: 'give-up', fault: candidate.trouble?.fault };
  const known = candidate.outdated ? undefined : candidate.observation;
  const claimAtMs = known ? claimableAtMs(known) : Infinity;
  if (known && nowMs >= claimAtMs) return { kind: 'claim', observation: known };
  if (nowMs >= candidate.nextLookAtMs) return { kind: 'look' };
  const wakeAtMs = Math.min(
    candidate.nextLookAtMs,
    claimAtMs,
    waitEndsAtMs(candidate),
    toleranceEndsAtMs(candidate, now),
  );
  return { kind: 'sleep', ms: wakeAtMs - nowMs };
}

function hasHadEnough(candidate: Candidate, now: Now): boolean {
  const { trouble, patience, observation, signsOfLife } = candidate;
  if (trouble?.fault.kind === 'unsupported') return true;
  if (patience.kind === 'wait') return now.nowMs >= waitEndsAtMs(candidate);
  if (patience.kind === 'forever') return false;
  if (trouble)
    return trouble.fault.kind === 'denied' || now.nowMs >= toleranceEndsAtMs(candidate, now);
  if (candidate.outdated || !observation?.seen || now.nowMs >= claimableAtMs(observation))
    return false;
  return signsOfLife > 0 || looksAlive(observation.seen.record, now.wallMs, now.assumedDurationMs);
}

/** When patience ends, whatever has been seen by then; Infinity if it never does. */
export function waitEndsAtMs({ patience, startedAtMs }: Candidate): number {
  return patience.kind === 'wait' ? startedAtMs + patience.waitMs : Infinity;
}

function toleranceEndsAtMs({ patience, trouble }: Candidate, { toleranceMs }: Now): number {
  return patience.kind === 'try' && trouble ? trouble.sinceMs + toleranceMs : Infinity;
}
