/**
 * What a candidate knows and does next. Pure: the campaign (`elector.ts`) carries each step out and tells what
 * came of it.
 */
import type { LockFault } from './lock.ts';
import { claimableAtMs, type Observation } from './observation.ts';
import { durationMs, isDone, looksAlive } from './record.ts';
import type { Timing } from './timing.ts';
import { hasParts } from './version.ts';

/** After this long without an event, read the lock to check the watch. */
const longestSilenceMs = 60_000;

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
  /** A key: a lock that stores it is never claimed. */
  readonly once: string | undefined;
  readonly startedAtMs: number;
  /** Undefined before the first look ever. */
  readonly observation: Observation | undefined;
  /** The observed version is known not to be the latest: look before claiming. */
  readonly outdated: boolean;
  /** A claim may have been applied, or applied in part: only a look shows what came of it. */
  readonly isHalfWay: boolean;
  readonly nextLookAtMs: number;
  /** When to claim what has been observed. */
  readonly claimAtMs: number;
  /** The watch is open and shows changes as they happen; reads only check it. */
  readonly isWatching: boolean;
  /** How often this campaign has seen the lock, by a read or by the watch. */
  readonly sights: number;
  /** Looks in a row that found nothing new. */
  readonly quietLooks: number;
  /** How many of them, after the first, were of a new version. */
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
  once?: string,
): Candidate {
  return {
    patience,
    once,
    startedAtMs,
    observation: memory,
    outdated: true,
    isHalfWay: false,
    nextLookAtMs: -Infinity,
    claimAtMs: Infinity,
    isWatching: false,
    sights: 0,
    quietLooks: 0,
    signsOfLife: 0,
    conflicts: 0,
    trouble: undefined,
  };
}

/** A moment. `spread`, uniform in [0, 1), keeps candidates apart. */
export interface Moment {
  readonly nowMs: number;
  readonly timing: Timing;
  readonly spread: number;
}

/** What the lock was seen to be just now. */
export interface Sight extends Moment {
  readonly observation: Observation;
  /** Until when others go first, whatever is seen. */
  readonly asideUntilMs?: number;
  /** How long to wait before claiming, if all standbys have seen the release at the same moment. */
  readonly hesitationMs: number;
}

export function afterLook(candidate: Candidate, sight: Sight): Candidate {
  const { trouble, observation, quietLooks } = candidate;
  const isNew = sight.observation !== observation;
  const looked = { ...candidate, isHalfWay: false, quietLooks: isNew ? 0 : quietLooks + 1 };
  const seeing = afterSight(looked, sight);
  // A read that works says nothing about claims that fail.
  const isStill = trouble?.during === 'claim' && !isPromised(sight.observation);
  return { ...seeing, trouble: isStill ? trouble : undefined };
}

/** The watch has shown something. That says nothing about requests that failed. */
export function afterGlimpse(candidate: Candidate, sight: Sight): Candidate {
  const { isHalfWay, outdated, nextLookAtMs } = candidate;
  const seeing = afterSight({ ...candidate, quietLooks: 0 }, sight);
  const { seen } = sight.observation;
  // In a two-object lock this may be the half of our claim already written.
  return isHalfWay && seen && hasParts(seen.version)
    ? { ...seeing, outdated, nextLookAtMs }
    : seeing;
}

function afterSight(candidate: Candidate, sight: Sight): Candidate {
  const { observation, nowMs, hesitationMs, asideUntilMs = -Infinity } = sight;
  const isFirst = candidate.sights === 0;
  const isNew = observation !== candidate.observation;
  const freeAtMs = Math.max(claimableAtMs(observation), asideUntilMs);
  const claimAtMs = hesitationMs > 0 ? Math.max(freeAtMs, nowMs) + hesitationMs : freeAtMs;
  const seeing = { ...candidate, observation, sights: candidate.sights + 1 };
  return {
    ...seeing,
    outdated: false,
    nextLookAtMs: nextLookAtMs(seeing, sight),
    claimAtMs: isFirst || isNew ? claimAtMs : candidate.claimAtMs,
    signsOfLife: candidate.signsOfLife + (isNew && !isFirst ? 1 : 0),
    conflicts: isNew && !isFirst && isPromised(observation) ? 0 : candidate.conflicts,
  };
}

/** The watch has begun or ended. */
export function afterWatch(candidate: Candidate, isWatching: boolean, moment: Moment): Candidate {
  const changed = { ...candidate, isWatching, quietLooks: 0 };
  if (candidate.outdated || candidate.trouble) return changed;
  return { ...changed, nextLookAtMs: nextLookAtMs(changed, moment) };
}

/**
 * Without a watch, every retry period. With one, when the holder has missed a sign of life or two: either it is gone,
 * or the watch is; and ever more rarely while both are silent.
 */
function nextLookAtMs(candidate: Candidate, { nowMs, timing, spread }: Moment): number {
  const { isWatching, quietLooks, observation } = candidate;
  const { retryPeriodMs, leaseDurationMs } = timing;
  const record = observation?.seen?.record;
  const promisedMs = record ? durationMs(record, leaseDurationMs) : leaseDurationMs;
  const silenceMs = Math.min((promisedMs / 3) * 2 ** Math.min(quietLooks, 20), longestSilenceMs);
  const pauseMs = isWatching ? Math.max(2 * retryPeriodMs, silenceMs) : retryPeriodMs;
  return nowMs + pauseMs * (1 + 0.2 * spread);
}

function isPromised({ promisedUntilMs }: Observation): boolean {
  return promisedUntilMs > -Infinity;
}

/** Somebody else was faster. `isHalfWay` unless nothing of our claim can have been applied. */
export function afterConflict(
  candidate: Candidate,
  nextLookAtMs: number,
  isHalfWay: boolean,
): Candidate {
  const conflicts = candidate.conflicts + 1;
  return { ...candidate, outdated: true, isHalfWay, nextLookAtMs, conflicts, trouble: undefined };
}

/** A failed read changes nothing that we know. After an unanswered claim we know nothing. */
export function afterFault(
  candidate: Candidate,
  { fault, nowMs, pauseMs }: { fault: LockFault; nowMs: number; pauseMs: number },
  during: 'look' | 'claim',
): Candidate {
  const { trouble } = candidate;
  return {
    ...candidate,
    outdated: candidate.outdated || during === 'claim',
    isHalfWay: candidate.isHalfWay || during === 'claim',
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
  /** One write on exactly the observed version, nothing read before it (R2). */
  | { readonly kind: 'claim'; readonly observation: Observation }
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'give-up'; readonly fault: LockFault | undefined }
  /** The key is on the lock: the work is done. */
  | { readonly kind: 'done' };

export interface Now {
  readonly nowMs: number;
  readonly wallMs: number;
  readonly assumedDurationMs: number;
  /** How long `try` puts up with faults. */
  readonly toleranceMs: number;
}

export function nextStep(candidate: Candidate, now: Now): Step {
  const { nowMs } = now;
  const { once, sights, observation } = candidate;
  const seen = sights > 0 ? observation?.seen : undefined;
  if (once !== undefined && seen && isDone(seen.record, once)) return { kind: 'done' };
  if (hasHadEnough(candidate, now)) return { kind: 'give-up', fault: candidate.trouble?.fault };
  const known = candidate.outdated ? undefined : candidate.observation;
  const claimAtMs = known ? candidate.claimAtMs : Infinity;
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

/** When patience ends; Infinity if it never does. */
export function waitEndsAtMs({ patience, startedAtMs }: Candidate): number {
  return patience.kind === 'wait' ? startedAtMs + patience.waitMs : Infinity;
}

function toleranceEndsAtMs({ patience, trouble }: Candidate, { toleranceMs }: Now): number {
  return patience.kind === 'try' && trouble ? trouble.sinceMs + toleranceMs : Infinity;
}
