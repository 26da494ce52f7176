/** The leader as data: what it does next, and what it becomes. Times are those of a write sent at 0 under 15/10/2. */
import { describe, expect, it, test } from 'vitest';
import {
  after,
  afterRelease,
  isTrusted,
  lossAtMs,
  newLeader,
  nextStep,
  type Leader,
  type Now,
} from '../../src/election/leader.ts';
import { LockFault, type LeaderRecord, type Versioned } from '../../src/election/lock.ts';
import { defaultTiming } from '../../src/election/timing.ts';
import { recordOf } from './scene.ts';

const reset = new LockFault('unreachable', 'reset');
const at = (nowMs: number, suspendedMs = 0): Now => ({ nowMs, suspendedMs, spread: 0 });
const version = (number: number, record: LeaderRecord = recordOf('a')): Versioned => ({
  record,
  version: String(number),
  origin: undefined,
});
const written = (number: number, sentAtMs: number) =>
  ({ kind: 'written', current: version(number), sentAtMs }) as const;
const shown = (number: number, record: LeaderRecord = recordOf('b'), isOurs = false) =>
  ({ kind: 'shown', version: String(number), seen: version(number, record), isOurs }) as const;
const conflict = { kind: 'conflict', isCertain: true } as const;

const leader = { ...newLeader(written(101, 0), defaultTiming, at(0)), watchAtMs: Infinity };
const writing = (nowMs: number, who: Leader = leader) => after(who, { kind: 'writing' }, at(nowMs));
const time = { kind: 'time' } as const;
const fault = (what: LockFault) => ({ kind: 'fault', fault: what }) as const;
const answer = (seen: Versioned | undefined, isOurs = false) =>
  ({ kind: 'answered', seen, isOurs }) as const;
const doubted = after(leader, time, at(60_000, 60_000));

describe('a leader', () => {
  it('counts everything from the sending of the write that won its term (R4)', () => {
    expect(leader.trust).toEqual({ sentAtMs: 0, lossAtMs: 10_000, killAtMs: 14_000 });
  });

  it('sleeps until its next write is due, and looks at the clock every second', () => {
    expect(nextStep(leader, at(1_500))).toEqual({ kind: 'sleep', ms: 500 });
    expect(nextStep(leader, at(0))).toEqual({ kind: 'sleep', ms: 1_000 });
    expect([nextStep(leader, at(2_000)).kind, leader.basis]).toEqual(['write', leader.basis]);
  });

  it('waits for the answer, but not beyond the end of its trust', () => {
    expect(nextStep(writing(2_000), at(9_900))).toEqual({ kind: 'sleep', ms: 100 });
  });

  it('opens the watch once, after the command has had time to start', () => {
    const fresh = newLeader(written(101, 0), defaultTiming, at(0));
    expect(nextStep(fresh, at(199))).toEqual({ kind: 'sleep', ms: 1 });
    const step = nextStep(fresh, at(200));
    expect(step).toEqual({ kind: 'open-watch' });
    expect(nextStep(after(fresh, { kind: 'watching' }, at(200)), at(200)).kind).toBe('sleep');
  });

  it('does nothing more once it is released', () => {
    expect(nextStep(afterRelease(leader), at(2_000))).toEqual({ kind: 'end' });
    expect(isTrusted(afterRelease(leader), 0)).toBe(false);
  });
});

describe('an acknowledged write', () => {
  it('lets it lead from when it was sent, not from its answer (R4)', () => {
    const next = after(writing(2_000), written(102, 2_000), at(5_000));
    expect(next.trust).toEqual({ sentAtMs: 2_000, lossAtMs: 12_000, killAtMs: 16_000 });
    expect(next.writeAtMs).toBe(4_000);
  });

  it('that is answered when the trust has run out is a loss, whatever it says (R4)', () => {
    const inTime = after(writing(9_998), written(102, 9_998), at(9_999));
    expect(inTime.loss).toBeUndefined();
    const late = after(writing(9_998), written(102, 9_998), at(10_000));
    expect(late.loss).toEqual({ kind: 'expired' });
  });

  it('clears what went wrong before it', () => {
    const failing = { ...writing(2_000), failures: 3, fault: reset, found: 'edited' } as const;
    const next = after(failing, written(102, 2_000), at(2_010));
    expect(next).toMatchObject({ failures: 0, fault: undefined, found: undefined });
  });
});

describe('a trust that runs out', () => {
  it('while the machine was awake is a loss (R5)', () => {
    expect(after(leader, time, at(9_999)).loss).toBeUndefined();
    expect(after(leader, time, at(10_000)).loss).toEqual({ kind: 'expired' });
  });

  it('while the machine slept is doubted, for one more renew deadline (R12)', () => {
    expect(doubted.doubt).toEqual({ untilMs: 70_000, sleptMs: 60_000 });
    expect(lossAtMs(doubted)).toBe(70_000);
    expect(doubted.trust.killAtMs).toBe(14_000);
    expect(isTrusted(doubted, 60_000)).toBe(false);
    expect(nextStep(doubted, at(60_000)).kind).toBe('write');
  });

  it('for more reasons than sleep is a loss', () => {
    expect(after(leader, time, at(15_000, 5_000)).loss).toEqual({ kind: 'expired' });
  });

  it('in doubt is not doubted a second time', () => {
    expect(after(doubted, time, at(130_000, 120_000)).loss).toEqual({ kind: 'expired' });
  });
});

describe('a leader in doubt', () => {
  it('is trusted again after a write that was sent after the sleep', () => {
    const next = after(writing(60_000, doubted), written(102, 60_000), at(60_010, 60_000));
    expect(next).toMatchObject({ doubt: undefined, loss: undefined });
    expect(lossAtMs(next)).toBe(70_000);
  });

  it('but not after one that was sent before it: it writes afresh at once', () => {
    const next = after(writing(2_000), written(102, 2_000), at(62_000, 60_000));
    expect(next).toMatchObject({ doubt: { sleptMs: 60_000 }, loss: undefined });
    expect([nextStep(next, at(62_000, 60_000)).kind, next.basis]).toEqual(['write', version(102)]);
  });

  it('has lost when nobody holds the lock: somebody may have led meanwhile (R12)', () => {
    const next = after(doubted, answer(undefined), at(60_010, 60_000));
    expect(next.loss).toEqual({ kind: 'expired' });
  });
});

describe('a conflict', () => {
  const contested = after(writing(2_000), conflict, at(2_010));

  it('costs one read (R8)', () => {
    expect(nextStep(contested, at(2_010))).toEqual({ kind: 'read' });
    const reading = after(contested, { kind: 'reading' }, at(2_010));
    expect(nextStep(reading, at(2_010)).kind).toBe('sleep');
  });

  it('with our own write: writes afresh on it, at once (R7, R8)', () => {
    const next = after(contested, answer(version(102), true), at(2_020));
    expect(next.trust).toEqual(leader.trust);
    expect([nextStep(next, at(2_020)).kind, next.basis]).toEqual(['write', version(102)]);
  });

  it('with a deleted object: creates it again (R14)', () => {
    const next = after(contested, answer(undefined), at(2_020));
    expect(next.found).toBe('deleted');
    expect([nextStep(next, at(2_020)).kind, next.basis]).toEqual(['write', undefined]);
  });

  it('with another holder: lost, and nothing more is written (R6)', () => {
    const seen = version(102, recordOf('b'));
    const next = after(contested, answer(seen), at(2_020));
    expect(next.loss).toEqual({ kind: 'usurped', holder: 'b' });
    expect(nextStep(next, at(2_020))).toEqual({ kind: 'end' });
  });

  it('again and again is met more and more slowly', () => {
    let next: Leader = leader;
    const pauses = [2_000, 3_000, 4_000, 5_000].map((nowMs) => {
      const met = after(writing(nowMs, next), conflict, at(nowMs));
      next = after(met, answer(version(102), true), at(nowMs));
      return next.writeAtMs - nowMs;
    });
    expect(pauses).toEqual([0, 200, 400, 800]);
  });
});

describe('a fault', () => {
  it('is followed by another try, after a pause that grows', () => {
    const once = after(writing(2_000), fault(reset), at(2_000));
    expect([once.writeAtMs, once.fault]).toEqual([2_100, reset]);
    const twice = after(writing(2_100, once), fault(reset), at(2_100));
    expect(twice.writeAtMs).toBe(2_300);
  });

  it('leaves one more try before the deadline, whatever the server asks for (R8)', () => {
    const busy = new LockFault('unreachable', 'busy', { retryAfterMs: 60_000 });
    expect(after(writing(2_000), fault(busy), at(2_000)).writeAtMs).toBe(6_000);
  });

  it('that tells of an unusable object is a loss', () => {
    const unusable = fault(new LockFault('unsupported', 'coordinated'));
    expect(after(leader, unusable, at(0)).loss).toEqual({ ...unusable, kind: 'unsupported' });
  });
});

describe('a sighting (R6)', () => {
  test.each([
    ['of what it has replaced', shown(100)],
    ['of its own write', shown(102, recordOf('a'), true)],
  ])('%s changes nothing', (_, sighting) => {
    expect(after(leader, sighting, at(500))).toBe(leader);
  });

  it('of somebody else’s newer write never ends the term: the server is asked at once', () => {
    const alarmed = after(leader, shown(102), at(500));
    expect(alarmed.loss).toBeUndefined();
    expect(nextStep(alarmed, at(500)).kind).toBe('write');
  });

  it('comes again and again: at most one write per 50 ms', () => {
    const alarmed = after(leader, shown(102), at(500));
    const known = after(writing(500, alarmed), written(103, 500), at(510));
    const again = after(known, shown(104), at(510));
    expect(nextStep(again, at(510))).toEqual({ kind: 'sleep', ms: 40 });
  });

  it('is settled by a write of ours that follows it', () => {
    const alarmed = after(leader, shown(102), at(500));
    expect(after(writing(501, alarmed), written(103, 501), at(510)).alarm).toBeUndefined();
  });

  it('that came while the write was under way, of a later version, is asked about once more', () => {
    const alarmed = after(writing(400), shown(104), at(500));
    const next = after(alarmed, written(103, 400), at(510));
    expect(next.alarm).toEqual({ version: '104', atMs: 500 });
    expect(nextStep(next, at(510)).kind).toBe('write');
  });

  it('of a request to step down is news once', () => {
    const stepDown = { holder: 'a', acquireTimeUs: leader.facts.acquireTimeUs };
    const asked = shown(102, recordOf('a', { stepDown }), true);
    const alarmed = after(leader, asked, at(500));
    expect(alarmed).not.toBe(leader);
    const next = after(alarmed, answer(asked.seen, true), at(510));
    expect(next).toMatchObject({ isAskedToStepDown: true, loss: undefined });
    const later = shown(103, recordOf('a', { stepDown }), true);
    expect(after(next, later, at(520))).toBe(next);
  });
});
