import { describe, expect, test } from 'vitest';
import { isForeignEdit } from '../../src/election/foreign-edit.ts';
import { isClearedByForce } from '../../src/election/record.ts';
import type { LeaderRecord, Versioned } from '../../src/election/lock.ts';
import { claimableAtMs, observe } from '../../src/election/observation.ts';
import { recordOf } from './scene.ts';

const held = recordOf('a');
const other = recordOf('b', { acquireTimeUs: 7, transitions: 4 });
const released = recordOf('', { leaseDurationMs: 1_000 });

function versioned(record: LeaderRecord, more: Partial<Versioned> = {}): Versioned {
  return { record, version: '5', origin: undefined, ...more };
}

describe('a hand has been there when', () => {
  test.each<[string, Versioned, Versioned]>([
    ['another object says it', versioned(held, { uid: 'x' }), versioned(other, { uid: 'y' })],
    ['another object is free', versioned(held, { uid: 'x' }), versioned(released, { uid: 'y' })],
    [
      'one of two objects is another one',
      versioned(held, { uid: 'x+y' }),
      versioned(released, { uid: 'x+z' }),
    ],
    [
      'one of two objects is gone',
      versioned(held, { version: '5+6' }),
      versioned(held, { version: '5+none' }),
    ],
    ['the transitions have fallen', versioned(held), versioned({ ...other, transitions: 2 })],
    ['those of a release have', versioned(held), versioned({ ...released, transitions: 2 })],
    [
      'another holder has not counted one',
      versioned(held),
      versioned({ ...other, transitions: 3 }),
    ],
    ['a term is shorter', versioned(held), versioned({ ...held, leaseDurationMs: 14_000 })],
    ['a term lasts unknown', versioned(held), versioned({ ...held, leaseDurationMs: undefined })],
  ])('%s', (_, before, seen) => {
    expect(isForeignEdit(before, seen)).toBe(true);
  });
});

describe('nothing shows a hand when', () => {
  test.each<[string, Versioned | undefined, Versioned | undefined]>([
    ['there was nothing before', undefined, versioned(held)],
    ['there is nothing now: that is seen as it is', versioned(held), undefined],
    ['another has claimed', versioned(held, { uid: 'x' }), versioned(other, { uid: 'x' })],
    ['it was renewed', versioned(held), versioned({ ...held, renewTimeUs: 9 })],
    ['it was released', versioned(held, { uid: 'x' }), versioned(released, { uid: 'x' })],
    ['nobody can tell the objects apart', versioned(held, { uid: 'x' }), versioned(other)],
    [
      'the holder has created it again',
      versioned(held, { uid: 'x' }),
      versioned(held, { uid: 'y' }),
    ],
    [
      'one of two objects has been created',
      versioned(held, { uid: 'x+none', version: '5+none' }),
      versioned(released, { uid: 'x+y', version: '5+6' }),
    ],
    [
      'a claim of two objects is half-way',
      versioned(other, { isTorn: true }),
      versioned(held, { isTorn: true }),
    ],
    ['it was free before', versioned(released), versioned({ ...held, transitions: 0 })],
  ])('%s', (_, before, seen) => {
    expect(isForeignEdit(before, seen)).toBe(false);
  });
});

test('a holder that was shortened is waited out, though another has taken over and released', () => {
  let memory = undefined as ReturnType<typeof observe> | undefined;
  const looks = [held, { ...held, leaseDurationMs: 1_000 }, other, { ...released, transitions: 4 }];
  for (const [index, record] of looks.entries())
    memory = observe(memory, {
      seen: versioned(record, { version: String(index) }),
      nowMs: index * 1_000,
      isOurs: false,
      assumedDurationMs: 15_000,
    });
  expect(claimableAtMs(memory!)).toBe(16_000);
});

test.each<[string, Partial<LeaderRecord>, boolean]>([
  ['has two times', { renewTimeUs: released.renewTimeUs! + 1 }, true],
  ['has one time for both', {}, false],
  ['does not say when it began', { acquireTimeUs: undefined }, false],
  ['does not say when it was renewed', { renewTimeUs: undefined }, false],
])('what is empty and %s', (_, change, isCleared) => {
  expect(isClearedByForce({ ...released, ...change })).toBe(isCleared);
});
