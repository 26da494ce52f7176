import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { LeaderRecord, Versioned } from '../../src/election/lock.ts';
import {
  claimableAtMs,
  observe,
  overhear,
  type Observation,
} from '../../src/election/observation.ts';
import { isReleased, looksAlive } from '../../src/election/record.ts';
import { recordOf, released } from './scene.ts';

const assumedDurationMs = 7_000;

interface Look {
  readonly at: number;
  readonly sees: LeaderRecord | undefined;
  readonly version?: string;
  readonly isOurs?: boolean;
}

/** The memory after these looks, each at a version of its own unless it says otherwise. */
function after(...looks: readonly Look[]): Observation {
  let memory: Observation | undefined;
  for (const [index, { at, sees, version = String(index), isOurs = false }] of looks.entries()) {
    const seen: Versioned | undefined = sees && { record: sees, version, origin: undefined };
    memory = observe(memory, { seen, nowMs: at, isOurs, assumedDurationMs });
  }
  if (!memory) throw new Error('nobody looked');
  return memory;
}

const held = recordOf('b');
const emptied = recordOf('');

describe('a candidate without memory may claim at once what is', () => {
  test.each<[string, LeaderRecord | undefined, boolean]>([
    ['absent', undefined, false],
    ['released', released, false],
    ['empty with a duration', emptied, false],
    ['empty without a duration', recordOf('', { leaseDurationMs: undefined }), false],
    ['its own write', held, true],
  ])('%s', (_, sees, isOurs) => {
    expect(claimableAtMs(after({ at: 5_000, sees, isOurs }))).toBe(-Infinity);
  });
});

describe('what another holds may be claimed', () => {
  test('when the record’s own duration has passed since its first sight', () => {
    expect(claimableAtMs(after({ at: 5_000, sees: held }))).toBe(20_000);
  });

  test('when our own duration has passed, if the record does not say', () => {
    const sees = recordOf('b', { leaseDurationMs: undefined });
    expect(claimableAtMs(after({ at: 5_000, sees }))).toBe(12_000);
  });

  test('no later for being looked at again', () => {
    const memory = after(
      { at: 5_000, sees: held, version: '7' },
      { at: 9_000, sees: held, version: '7' },
    );
    expect(claimableAtMs(memory)).toBe(20_000);
  });

  test('only a full duration after a new version, even one with an older renewTime', () => {
    const older = recordOf('b', { renewTimeUs: 1 });
    expect(claimableAtMs(after({ at: 5_000, sees: held }, { at: 9_000, sees: older }))).toBe(
      24_000,
    );
  });

  test('only a full duration after a version that differs in nothing but its number', () => {
    expect(claimableAtMs(after({ at: 5_000, sees: held }, { at: 9_000, sees: held }))).toBe(24_000);
  });

  test('a full duration after another holder has taken over', () => {
    const next = recordOf('c', { leaseDurationMs: 30_000 });
    expect(claimableAtMs(after({ at: 5_000, sees: held }, { at: 9_000, sees: next }))).toBe(39_000);
  });
});

describe('a known deadline never moves earlier', () => {
  test.each<[string, LeaderRecord | undefined]>([
    ['the duration is shortened', recordOf('b', { leaseDurationMs: 1_000 })],
    ['the object is deleted', undefined],
    ['the holder is emptied', emptied],
    [
      'the holder is emptied and the duration removed',
      recordOf('', { leaseDurationMs: undefined }),
    ],
    ['another holder with a shorter duration appears', recordOf('c', { leaseDurationMs: 2_000 })],
  ])('also by a renewal that nobody saw, when %s', (_, sees) => {
    expect(claimableAtMs(after({ at: 5_000, sees: held }, { at: 9_000, sees }))).toBe(24_000);
    // Who has not looked for long does not know whether the holder has run out.
    expect(claimableAtMs(after({ at: 5_000, sees: held }, { at: 90_000, sees }))).toBe(105_000);
  });

  test('when the object was deleted and somebody else took and released it', () => {
    const memory = after(
      { at: 5_000, sees: held },
      { at: 6_000, sees: undefined },
      { at: 7_000, sees: recordOf('c') },
      { at: 8_000, sees: released },
    );
    expect(claimableAtMs(memory)).toBe(21_000);
  });

  test('when a write of our own lands that had been given up before the other one led', () => {
    // Created by us but lost on the way; another creates, is deleted by hand, and only then ours arrives.
    const memory = after(
      { at: 5_000, sees: held },
      { at: 9_000, sees: recordOf('a'), isOurs: true },
    );
    expect(claimableAtMs(memory)).toBe(24_000);
  });

  test('when a write of our own lands after one with a shorter duration was seen', () => {
    const memory = after(
      { at: 5_000, sees: held },
      { at: 8_000, sees: recordOf('c', { leaseDurationMs: 2_000 }) },
      { at: 9_000, sees: recordOf('a'), isOurs: true },
    );
    expect(claimableAtMs(memory)).toBe(23_000);
  });

  test('when a write of our own lands after the record was taken away by force', () => {
    const memory = after(
      { at: 5_000, sees: held },
      { at: 6_000, sees: undefined },
      { at: 9_000, sees: recordOf('a'), isOurs: true },
    );
    expect(claimableAtMs(memory)).toBe(21_000);
  });

  test.each([
    ['emptied', emptied],
    ['shortened', recordOf('b', { leaseDurationMs: 2_000 })],
  ])('when it is %s, restored unseen, and once more', (_, sees) => {
    const memory = after({ at: 5_000, sees: held }, { at: 6_000, sees }, { at: 16_000, sees });
    expect(claimableAtMs(memory)).toBe(31_000);
  });

  test('whatever hands do to the object, unless it is released', () => {
    const look = fc.record({
      afterMs: fc.nat(20_000),
      sees: fc.option(
        fc.record({
          holder: fc.constantFrom('', 'b', 'c'),
          leaseDurationMs: fc.option(fc.integer({ min: 1_001, max: 60_000 }), { nil: undefined }),
          acquireTimeUs: fc.constant(undefined),
          renewTimeUs: fc.constant(undefined),
          transitions: fc.nat(9),
        }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(fc.array(look, { minLength: 1, maxLength: 12 }), (looks) => {
        let at = 0;
        let deadline = -Infinity;
        const seenSoFar: Look[] = [];
        for (const { afterMs, sees } of looks) {
          at += afterMs;
          seenSoFar.push({ at, sees });
          const next = claimableAtMs(after(...seenSoFar));
          expect(next).toBeGreaterThanOrEqual(deadline);
          deadline = next;
        }
      }),
    );
  });
});

it.each([undefined, NaN, Infinity, -Infinity])(
  'a duration of %s says nothing',
  (leaseDurationMs) => {
    const sees = recordOf('b', { leaseDurationMs });
    expect(claimableAtMs(after({ at: 5_000, sees }))).toBe(5_000 + assumedDurationMs);
  },
);

describe('a release', () => {
  it('ends the promise at once', () => {
    expect(claimableAtMs(after({ at: 5_000, sees: held }, { at: 6_000, sees: released }))).toBe(
      -Infinity,
    );
  });

  it('is holder "" with exactly one second, as client-go writes it', () => {
    expect(isReleased(released)).toBe(true);
    expect(isReleased(recordOf('', { leaseDurationMs: 15_000 }))).toBe(false);
    expect(isReleased(recordOf('', { leaseDurationMs: undefined }))).toBe(false);
    expect(isReleased(recordOf('b', { leaseDurationMs: 1_000 }))).toBe(false);
  });

  it('does not free what is taken again', () => {
    const memory = after(
      { at: 5_000, sees: held },
      { at: 6_000, sees: released },
      { at: 7_000, sees: recordOf('c') },
    );
    expect(claimableAtMs(memory)).toBe(22_000);
  });
});

describe('a holder looks alive', () => {
  const renewedAtMs = 1_700_000_000_000;
  test.each([
    ['up to its duration after its renewTime', held, renewedAtMs + 14_999, true],
    ['not from then on', held, renewedAtMs + 15_000, false],
    ['when its clock is ahead of ours', held, renewedAtMs - 3_600_000, true],
    ['not without a renewTime', recordOf('b', { renewTimeUs: undefined }), renewedAtMs, false],
    ['not when it is empty', emptied, renewedAtMs, false],
    [
      'by our duration when it says none',
      recordOf('b', { leaseDurationMs: undefined }),
      renewedAtMs + 6_999,
      true,
    ],
    [
      'not beyond our duration when it says none',
      recordOf('b', { leaseDurationMs: undefined }),
      renewedAtMs + 7_000,
      false,
    ],
  ])('%s', (_, record, wallMs, alive) => {
    expect(looksAlive(record, wallMs, assumedDurationMs)).toBe(alive);
  });
});

describe('of a lock in two objects', () => {
  test.each<[string, string, string, number]>([
    ['one that vanishes keeps its promise, though the other is free', '4+5', '4+none', 21_000],
    ['whichever it is', '4+5', 'none+5', 21_000],
    ['one that never was promised nothing', '4+none', '5+none', -Infinity],
    ['one that appears promises nothing', '4+none', '5+6', -Infinity],
  ])('%s', (_, before, now, expected) => {
    const memory = after(
      { at: 5_000, sees: held, version: before },
      { at: 6_000, sees: released, version: now },
    );
    expect(claimableAtMs(memory)).toBe(expected);
  });

  describe('half a claim of ours does not hide that the other has been emptied', () => {
    const ours = recordOf('a', { leaseDurationMs: 4_000 });
    const half = { seen: { record: ours, isTorn: true, origin: undefined }, isOurs: true };
    const look = (nowMs: number, version: string, emptied?: string) => ({
      ...half,
      seen: { ...half.seen, version, ...(emptied ? { emptied } : {}) },
      nowMs,
      assumedDurationMs,
    });
    const saw = after({ at: 5_000, sees: held, version: 'none+5' });

    test('its holder may have renewed since', () => {
      expect(claimableAtMs(observe(saw, look(20_100, '6+8', 'none+8')))).toBe(35_100);
    });

    test('unless it was released', () => {
      expect(claimableAtMs(observe(saw, look(20_100, '6+8')))).toBe(20_000);
    });

    test('once for each time: what has been waited out counts no more', () => {
      const waited = observe(saw, look(20_100, '6+8', 'none+8'));
      expect(claimableAtMs(observe(waited, look(36_000, '9+8', 'none+8')))).toBe(35_100);
    });

    test('its holder may have restored it in between', () => {
      const waiting = observe(saw, look(20_100, '6+8', 'none+8'));
      const again = observe(waiting, look(30_000, '6+10', 'none+10'));
      expect(claimableAtMs(again)).toBe(45_000);
    });

    test('who sees nothing but that knows of nobody', () => {
      expect(claimableAtMs(observe(undefined, look(20_100, '6+8', 'none+8')))).toBe(-Infinity);
    });
  });
});

describe('a sighting that nobody can place in the order of versions', () => {
  const hear = (before: Observation, record: LeaderRecord, isOurs = false): Observation =>
    overhear(before, {
      seen: { record, version: '9+none', origin: undefined },
      nowMs: 6_000,
      isOurs,
      assumedDurationMs,
    });

  it('adds the promise of its holder to a free lock, and another one does not cut it short', () => {
    const heard = hear(after({ at: 5_000, sees: released }), held);
    expect(claimableAtMs(heard)).toBe(6_000 + (held.leaseDurationMs ?? 0));
    expect(claimableAtMs(hear(heard, recordOf('c', { leaseDurationMs: 1_000 })))).toBe(
      claimableAtMs(heard),
    );
  });

  it('still counts when what it has shown is taken away before the next look', () => {
    const heard = hear(after({ at: 5_000, sees: released }), held);
    const seen = observe(heard, {
      seen: undefined,
      nowMs: 7_000,
      isOurs: false,
      assumedDurationMs,
    });
    expect(claimableAtMs(seen)).toBe(7_000 + (held.leaseDurationMs ?? 0));
  });

  it('is a promise to another, whom the death of the holder that we know does not concern', () => {
    const before = after({ at: 5_000, sees: held });
    expect(hear(before, recordOf('c')).othersUntilMs).toBe(6_000 + (held.leaseDurationMs ?? 0));
    expect(hear(before, held).othersUntilMs).toBe(before.othersUntilMs);
  });

  it('ends no promise, and a record of our own makes none', () => {
    const before = after({ at: 5_000, sees: held });
    expect(hear(before, released)).toBe(before);
    expect(hear(before, held, true)).toBe(before);
  });
});
