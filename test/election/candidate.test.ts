import { describe, expect, it, test } from 'vitest';
import {
  afterConflict,
  afterFault,
  afterGlimpse,
  afterLook,
  newCandidate,
  nextStep,
  type Candidate,
  type Now,
  type Patience,
  type Sight,
} from '../../src/election/candidate.ts';
import { LockFault, type LeaderRecord } from '../../src/election/lock.ts';
import { observe, type Observation } from '../../src/election/observation.ts';
import { defaultTiming } from '../../src/election/timing.ts';
import { recordOf, released } from './scene.ts';

const renewedAtMs = 1_700_000_000_000;
const forever: Patience = { kind: 'forever' };
const once: Patience = { kind: 'try' };

const at = (nowMs: number, wallMs = renewedAtMs): Now => ({
  nowMs,
  wallMs,
  assumedDurationMs: 15_000,
  toleranceMs: 5_000,
});

let version = 0;
function sight(record: LeaderRecord | undefined, nowMs: number, memory?: Observation): Observation {
  version += 1;
  return observe(memory, {
    seen: record && { record, version: String(version), origin: undefined },
    nowMs,
    isOurs: false,
    assumedDurationMs: 15_000,
  });
}

/** Looks next at `nextLookAtMs`, two seconds from now. */
function lookedAgain(
  candidate: Candidate,
  observation: Observation,
  nextLookAtMs: number,
): Candidate {
  return afterLook(candidate, seeing(observation, nextLookAtMs - 2_000));
}

function seeing(observation: Observation, nowMs: number, hesitationMs = 0): Sight {
  return { observation, nowMs, timing: defaultTiming, spread: 0, hesitationMs };
}

/** A candidate that began at 0 and has looked once, at `nowMs`; it would look again two seconds later. */
function looked(
  record: LeaderRecord | undefined,
  { nowMs = 0, patience = forever }: { nowMs?: number; patience?: Patience } = {},
): Candidate {
  return lookedAgain(newCandidate(patience, 0, undefined), sight(record, nowMs), nowMs + 2_000);
}

const fault = (kind: LockFault['kind']) => new LockFault(kind, kind);

function failed(
  candidate: Candidate,
  kind: LockFault['kind'] = 'unreachable',
  {
    nowMs = 0,
    pauseMs = 100,
    during = 'look',
  }: { nowMs?: number; pauseMs?: number; during?: 'look' | 'claim' } = {},
): Candidate {
  return afterFault(candidate, { fault: fault(kind), nowMs, pauseMs }, during);
}

describe('a candidate', () => {
  it('looks first, whatever it remembers', () => {
    const memory = sight(undefined, 0);
    expect(nextStep(newCandidate(forever, 0, undefined), at(0))).toEqual({ kind: 'look' });
    expect(nextStep(newCandidate(forever, 0, memory), at(0))).toEqual({ kind: 'look' });
  });

  it('claims exactly what it has seen when that is free', () => {
    const candidate = looked(released);
    expect(nextStep(candidate, at(0))).toEqual({
      kind: 'claim',
      observation: candidate.observation,
    });
  });

  it('sleeps until its next look while another holds the lock', () => {
    expect(nextStep(looked(recordOf('b')), at(500))).toEqual({ kind: 'sleep', ms: 1_500 });
  });

  it('sleeps no longer than until the record runs out', () => {
    const candidate = { ...looked(recordOf('b')), nextLookAtMs: 99_000 };
    expect(nextStep(candidate, at(14_000))).toEqual({ kind: 'sleep', ms: 1_000 });
    expect(nextStep(candidate, at(14_999.5))).toEqual({ kind: 'sleep', ms: 0.5 });
    expect(nextStep(candidate, at(15_000)).kind).toBe('claim');
  });

  it('sleeps no longer than its patience lasts', () => {
    const candidate = looked(recordOf('b'), { patience: { kind: 'wait', waitMs: 1_200 } });
    expect(nextStep(candidate, at(1_000))).toEqual({ kind: 'sleep', ms: 200 });
  });

  it('looks again when it is time', () => {
    expect(nextStep(looked(recordOf('b')), at(2_000))).toEqual({ kind: 'look' });
  });

  it('claims rather than looks when both are due', () => {
    expect(nextStep(looked(recordOf('b')), at(15_000)).kind).toBe('claim');
  });

  it('waits out a broken promise, and looks meanwhile', () => {
    const memory = sight(recordOf('b'), 0);
    const candidate = lookedAgain(
      newCandidate(forever, 1_000, memory),
      sight(undefined, 1_000, memory),
      3_000,
    );
    expect(nextStep(candidate, at(1_000))).toEqual({ kind: 'sleep', ms: 2_000 });
    expect(nextStep(candidate, at(3_000))).toEqual({ kind: 'look' });
    expect(nextStep(candidate, at(16_000)).kind).toBe('claim');
  });

  test.each([
    ['one object: what is shown is what it has met', '9', false, 'claim'],
    ['two, after nothing was written', '9+9', false, 'claim'],
    ['two, half-way: it may be shown its own half, and looks', '9+9', true, 'look'],
  ] as const)('is outdated after a conflict in %s', (_, shown, isHalfWay, expected) => {
    const seen = { record: released, version: shown, origin: undefined };
    const facts = { seen, nowMs: 5, isOurs: false, assumedDurationMs: 15_000 };
    const conflicted = afterConflict(looked(released), 5, isHalfWay);
    const candidate = afterGlimpse(conflicted, seeing(observe(undefined, facts), 5));
    expect(nextStep(candidate, at(5)).kind).toBe(expected);
    const again = lookedAgain(candidate, observe(undefined, facts), 2_005);
    expect(nextStep(again, at(5)).kind).toBe('claim');
  });

  it('does not claim again what it has lost: it looks, after a moment', () => {
    const candidate = afterConflict(looked(undefined), 7, false);
    expect(nextStep(candidate, at(0))).toEqual({ kind: 'sleep', ms: 7 });
    expect(nextStep(candidate, at(7))).toEqual({ kind: 'look' });
  });

  it('does not claim again before looking when a claim went unanswered', () => {
    const candidate = failed(looked(undefined), 'unreachable', { during: 'claim' });
    expect(nextStep(candidate, at(0))).toEqual({ kind: 'sleep', ms: 100 });
    expect(nextStep(candidate, at(100))).toEqual({ kind: 'look' });
  });

  it('may claim what it knows although it cannot look', () => {
    const candidate = failed(looked(recordOf('b')), 'unreachable', {
      nowMs: 14_000,
      pauseMs: 5_000,
    });
    expect(nextStep(candidate, at(14_000))).toEqual({ kind: 'sleep', ms: 1_000 });
    expect(nextStep(candidate, at(15_000)).kind).toBe('claim');
  });
});

describe('trouble', () => {
  it('counts from its first fault and is over with the first answer', () => {
    const once1 = failed(looked(recordOf('b')), 'unreachable', { nowMs: 1_000 });
    const twice = failed(once1, 'denied', { nowMs: 3_000 });
    expect(twice.trouble).toMatchObject({ sinceMs: 1_000, failures: 2, fault: { kind: 'denied' } });
    expect(lookedAgain(twice, sight(recordOf('b'), 4_000), 6_000).trouble).toBeUndefined();
    expect(afterConflict(twice, 4_000, false).trouble).toBeUndefined();
  });

  test.each<Patience>([forever, once, { kind: 'wait', waitMs: 60_000 }])(
    'an unusable object ends every kind of patience: $kind',
    (patience) => {
      expect(nextStep(failed(looked(undefined, { patience }), 'unsupported'), at(0))).toMatchObject(
        {
          kind: 'give-up',
          fault: { kind: 'unsupported' },
        },
      );
    },
  );

  test.each(['denied', 'unreachable'] as const)('%s never ends patience for ever', (kind) => {
    const candidate = failed(looked(recordOf('b')), kind);
    expect(nextStep(candidate, at(86_400_000)).kind).not.toBe('give-up');
  });
});

describe('one that tries', () => {
  const wallLater = renewedAtMs + 15_000;

  it('gives up when the holder looks alive by its own renewTime', () => {
    expect(nextStep(looked(recordOf('b'), { patience: once }), at(0))).toEqual({
      kind: 'give-up',
      fault: undefined,
    });
  });

  it('watches a holder that looks dead for the record’s duration, then claims', () => {
    const candidate = looked(recordOf('b'), { patience: once });
    expect(nextStep(candidate, at(0, wallLater)).kind).toBe('sleep');
    expect(nextStep(candidate, at(15_000, wallLater)).kind).toBe('claim');
  });

  it('gives up when the one that looked dead moves', () => {
    const first = looked(recordOf('b'), { patience: once });
    const second = lookedAgain(first, sight(recordOf('b'), 2_000, first.observation), 4_000);
    expect(nextStep(second, at(2_000, wallLater)).kind).toBe('give-up');
  });

  it('still watches the one that looks dead when its first look had failed', () => {
    const troubled = failed(newCandidate(once, 0, undefined));
    const candidate = lookedAgain(troubled, sight(recordOf('b'), 100), 2_100);
    expect(nextStep(candidate, at(100, wallLater)).kind).toBe('sleep');
  });

  it('claims what is released while it watches', () => {
    const first = looked(recordOf('b'), { patience: once });
    const second = lookedAgain(first, sight(released, 2_000, first.observation), 4_000);
    expect(nextStep(second, at(2_000, wallLater)).kind).toBe('claim');
  });

  it('gives up at once when it is not allowed to', () => {
    expect(nextStep(failed(newCandidate(once, 0, undefined), 'denied'), at(0))).toMatchObject({
      kind: 'give-up',
      fault: { kind: 'denied' },
    });
  });

  it('puts up with a lock that is out of reach for its tolerance, no longer', () => {
    const candidate = failed(newCandidate(once, 0, undefined));
    expect(nextStep(candidate, at(4_999)).kind).not.toBe('give-up');
    expect(nextStep(candidate, at(5_000)).kind).toBe('give-up');
  });

  it('does not stay away longer than its tolerance, even when the server asks it to', () => {
    const candidate = failed(newCandidate(once, 0, undefined), 'unreachable', { pauseMs: 60_000 });
    expect(nextStep(candidate, at(0))).toEqual({ kind: 'sleep', ms: 5_000 });
  });
});

describe('one that waits', () => {
  const patience: Patience = { kind: 'wait', waitMs: 5_000 };

  it('gives up when its time is over', () => {
    const candidate = looked(recordOf('b'), { patience });
    expect(nextStep(candidate, at(4_999)).kind).not.toBe('give-up');
    expect(nextStep(candidate, at(5_000))).toEqual({ kind: 'give-up', fault: undefined });
  });

  it('says what kept it from the lock', () => {
    const candidate = failed(looked(recordOf('b'), { patience }), 'denied');
    expect(nextStep(candidate, at(5_000))).toMatchObject({ fault: { kind: 'denied' } });
  });

  it('does not care whether the holder looks alive', () => {
    expect(nextStep(looked(recordOf('b'), { patience }), at(0)).kind).toBe('sleep');
  });
});
