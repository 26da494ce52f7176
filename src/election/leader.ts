/**
 * What a leader knows and does next. Pure: `leading.ts` carries each step out and tells what came of it.
 *
 *                ┌───────────────── acknowledged in time: trust runs anew ────────────────┐
 *                ▼                                                                        │
 *     ──▶ waiting ── a retry period has passed, or somebody else's write was seen ──▶ writing ── conflict ──▶ contested
 *                ▲                                                                        │                      │
 *                ├── back off ◀── a fault ────────────────────────────────────────────────┤                      ▼
 *                └── at once ◀── ours, deleted or emptied ────────────────────────────────┼─────────────────── reading
 *                                                                                         │                      │
 *     trust has run out ──▶ lost: expired                                   lost: unsupported    lost: usurped ◀─┘
 *            └── while the machine slept ──▶ in doubt, for one more renew deadline: nothing may run until it is over
 *
 * Trust runs from when the latest acknowledged write was sent (R4); a later answer is a loss. A renewal is one write on
 * the version that was written last (R8); only a conflict costs a read, and that read decides (R6, R7, R14). What the watch
 * shows never ends a term, it makes the leader write at once (R6). A trust that ran out while the machine slept is special:
 * nobody could have renewed, and one renewal shows whether somebody else has claimed meanwhile (R12).
 */
import type { ForeignEdit, Loss } from './events.ts';
import type { LockFault, Sighting, Versioned } from './lock.ts';
import { backoffMs } from './request.ts';
import { trustFrom, type Timing, type Trust } from './timing.ts';
import { judge, type Sight } from './verdict.ts';
import { isLater } from './version.ts';
import type { TermFacts, WriteOutcome, Written } from './writer.ts';

/** Between two writes, whatever somebody else writes in between. */
const shortestPauseMs = 50;
/** Open the watch late, so that its handshake cannot slow the start of the command. */
const watchAfterMs = 200;
/** Looks at the clock at least this often: finds out that the machine has slept. */
const longestSleepMs = 1_000;

export interface Leader {
  readonly timing: Timing;
  /** What every renewal repeats. */
  readonly facts: TermFacts;
  readonly phase: 'waiting' | 'writing' | 'contested' | 'reading';
  /** What the next write replaces; undefined when the object is gone. */
  readonly basis: Versioned | undefined;
  readonly writeAtMs: number;
  /** Not before, whatever is seen. */
  readonly mayWriteAtMs: number;
  /** Infinity once it has been opened. */
  readonly watchAtMs: number;
  /** From the latest write that was acknowledged in time. */
  readonly trust: Trust;
  /** How long the machine had slept in all by then. */
  readonly suspendedMs: number;
  /** The trust ran out while the machine slept. */
  readonly doubt: { readonly untilMs: number; readonly sleptMs: number } | undefined;
  /** The latest write of somebody else that the watch has shown, and no write of ours has followed. */
  readonly alarm: Alarm | undefined;
  /** Tries in a row that were not acknowledged in time. */
  readonly failures: number;
  /** The first fault among them. */
  readonly fault: LockFault | undefined;
  /** What somebody else did to the record, until it has been written afresh. */
  readonly found: ForeignEdit | undefined;
  /** Somebody has asked this term to end. It goes on until it is released. */
  readonly isAskedToStepDown: boolean;
  readonly loss: Loss | undefined;
  /** The work is over, and the lock is being handed back. */
  readonly isReleased: boolean;
}

interface Alarm {
  readonly version: string;
  readonly atMs: number;
}

/** A moment of the time in which trust is counted (`clock.ts`). */
export interface Now {
  readonly nowMs: number;
  /** How long the machine has slept in all. */
  readonly suspendedMs: number;
  /** By how much to be later than others: uniform in [0, 1). */
  readonly spread: number;
}

/** What happens to a leader. */
export type News =
  | { readonly kind: 'time' | 'writing' | 'reading' | 'watching' }
  /** Its write has been answered, or no answer is waited for any more. */
  | WriteOutcome
  /** Its read has been answered. */
  | ({ readonly kind: 'answered' } & Sight)
  /** The watch has shown something. */
  | ({ readonly kind: 'shown' } & Sighting & Sight);

export type Step =
  | { readonly kind: 'write' | 'read' | 'open-watch' | 'end' }
  | { readonly kind: 'sleep'; readonly ms: number };

/** A leader at the start of its term, by the write that won it. */
export function newLeader({ current, sentAtMs }: Written, timing: Timing, now: Now): Leader {
  const { acquireTimeUs = 0, transitions } = current.record;
  return {
    timing,
    facts: { acquireTimeUs, transitions },
    phase: 'waiting',
    basis: current,
    writeAtMs: sentAtMs + timing.retryPeriodMs,
    mayWriteAtMs: now.nowMs,
    watchAtMs: now.nowMs + watchAfterMs,
    trust: trustFrom(sentAtMs, timing),
    suspendedMs: now.suspendedMs,
    doubt: undefined,
    alarm: undefined,
    failures: 0,
    fault: undefined,
    found: undefined,
    isAskedToStepDown: false,
    loss: undefined,
    isReleased: false,
  };
}

/** Expects a leader that has heard of the time. */
export function nextStep(leader: Leader, { nowMs }: Now): Step {
  const { phase, watchAtMs } = leader;
  if (!isOngoing(leader)) return { kind: 'end' };
  if (phase === 'contested') return { kind: 'read' };
  const writeAtMs = phase === 'waiting' ? leader.writeAtMs : Infinity;
  if (nowMs >= writeAtMs) return { kind: 'write' };
  if (nowMs >= watchAtMs) return { kind: 'open-watch' };
  const wakeAtMs = Math.min(lossAtMs(leader), writeAtMs, watchAtMs);
  return { kind: 'sleep', ms: Math.min(wakeAtMs - nowMs, longestSleepMs) };
}

/** When the term is lost, unless a write is acknowledged before. */
export function lossAtMs({ doubt, trust }: Leader): number {
  return doubt?.untilMs ?? trust.lossAtMs;
}

export function isOngoing({ loss, isReleased }: Leader): boolean {
  return !loss && !isReleased;
}

/** Whether work may begin. */
export function isTrusted(leader: Leader, nowMs: number): boolean {
  return isOngoing(leader) && !leader.doubt && nowMs < lossAtMs(leader);
}

/** Nothing is written any more to keep the term. */
export function afterRelease(leader: Leader): Leader {
  return { ...leader, isReleased: true };
}

/** What the leader becomes by what happens to it. */
export function after(before: Leader, news: News, now: Now): Leader {
  const leader = afterTime(before, now);
  if (!isOngoing(leader)) return leader;
  switch (news.kind) {
    case 'time':
      return leader;
    case 'writing':
      return { ...leader, phase: 'writing', mayWriteAtMs: now.nowMs + shortestPauseMs };
    case 'reading':
      return { ...leader, phase: 'reading' };
    case 'watching':
      return { ...leader, watchAtMs: Infinity };
    case 'written':
      return afterAcknowledgement(leader, news, now);
    case 'conflict':
      return { ...leader, phase: 'contested' };
    case 'fault':
      return afterFault(leader, news.fault, now);
    case 'answered':
      return afterRead(leader, news, now);
    case 'shown':
      return afterSighting(leader, news, now);
    default:
      return news satisfies never;
  }
}

/** When the trust has run out the term is lost; if the machine slept through that, the next write decides. */
function afterTime(leader: Leader, { nowMs, suspendedMs }: Now): Leader {
  if (!isOngoing(leader) || nowMs < lossAtMs(leader)) return leader;
  const sleptMs = suspendedMs - leader.suspendedMs;
  const isSleepToBlame = sleptMs > 0 && nowMs - sleptMs < leader.trust.lossAtMs;
  if (leader.doubt || !isSleepToBlame) return { ...leader, loss: { kind: 'expired' } };
  const doubt = { untilMs: nowMs + leader.timing.renewDeadlineMs, sleptMs };
  return { ...leader, doubt, writeAtMs: nowMs };
}

function afterAcknowledgement(leader: Leader, { current, sentAtMs }: Written, now: Now): Leader {
  const { timing, mayWriteAtMs } = leader;
  const trust = trustFrom(sentAtMs, timing);
  const alarm = isSettled(leader.alarm, current, sentAtMs) ? undefined : leader.alarm;
  const known = { ...leader, basis: current, alarm };
  if (now.nowMs >= trust.lossAtMs) return tryAgain(known, undefined, now);
  return {
    ...known,
    phase: 'waiting',
    writeAtMs: alarm ? mayWriteAtMs : sentAtMs + timing.retryPeriodMs,
    trust,
    suspendedMs: now.suspendedMs,
    doubt: undefined,
    failures: 0,
    fault: undefined,
    found: undefined,
  };
}

/** What was seen before a write that succeeded was sent is stale, or the server would have refused the write. */
function isSettled(alarm: Alarm | undefined, current: Versioned, sentAtMs: number): boolean {
  return !alarm || alarm.atMs <= sentAtMs || isLater(alarm.version, current.version) !== true;
}

function afterRead(leader: Leader, sight: Sight, now: Now): Leader {
  const verdict = judge(leader, sight);
  if (verdict.kind !== 'ours') return { ...leader, loss: verdict };
  const { found = leader.found, isAsked } = verdict;
  const isAskedToStepDown = leader.isAskedToStepDown || isAsked;
  return tryAgain({ ...leader, basis: sight.seen, found, isAskedToStepDown }, undefined, now);
}

function afterFault(leader: Leader, fault: LockFault, now: Now): Leader {
  if (fault.kind === 'unsupported') return { ...leader, loss: { kind: 'unsupported', fault } };
  return tryAgain({ ...leader, fault: leader.fault ?? fault }, fault, now);
}

/** At once after a first conflict, else after a pause. Whatever the server asks for, there is one more try in time. */
function tryAgain(leader: Leader, fault: LockFault | undefined, now: Now): Leader {
  const { failures, timing } = leader;
  const longestMs = Math.max((lossAtMs(leader) - now.nowMs) / 2, shortestPauseMs);
  const isFree = !fault && failures === 0;
  const pauseMs = isFree ? 0 : backoffMs(failures, { fault, timing, spread: now.spread });
  const writeAtMs = now.nowMs + Math.min(pauseMs, longestMs);
  return { ...leader, phase: 'waiting', failures: failures + 1, writeAtMs };
}

/** Nothing changes unless it is newer than our latest write, and somebody else's. */
function afterSighting(
  leader: Leader,
  { version, seen, isOurs }: Sighting & Sight,
  { nowMs }: Now,
): Leader {
  const { basis, mayWriteAtMs } = leader;
  if (basis && isLater(version, basis.version) === false) return leader;
  const verdict = judge(leader, { seen, isOurs });
  const isNews = verdict.kind !== 'ours' || (verdict.isAsked && !leader.isAskedToStepDown);
  if (!isNews && !verdict.found) return leader;
  const alarm = { version, atMs: nowMs };
  if (leader.alarm) return { ...leader, alarm };
  return { ...leader, alarm, writeAtMs: Math.max(nowMs, mayWriteAtMs) };
}
