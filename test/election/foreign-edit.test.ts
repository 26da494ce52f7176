import { beforeEach, describe, expect, test } from 'vitest';
import { LockFault, type LeaderRecord } from '../../src/election/lock.ts';
import type { Term } from '../../src/election/term.ts';
import { released, Scene, type Replica } from './scene.ts';

let scene: Scene;
let a: Replica;
let term: Term;
let won: LeaderRecord;

/** a leads since 1,000 with 4 transitions; its next renewal is at 3,000. */
beforeEach(async () => {
  scene = new Scene();
  scene.server.edit(released);
  a = scene.replica('a');
  term = await a.lead();
  won = scene.server.record!;
});

describe('a leader whose record was', () => {
  test.each<
    [string, 'deleted' | 'emptied' | 'edited', (ours: LeaderRecord) => LeaderRecord | undefined]
  >([
    ['deleted', 'deleted', () => undefined],
    ['emptied', 'emptied', (ours) => ({ ...ours, holder: '' })],
    ['freed in its name', 'emptied', (ours) => ({ ...ours, holder: '', leaseDurationMs: 1_000 })],
    ['given a shorter duration', 'edited', (ours) => ({ ...ours, leaseDurationMs: 1_000 })],
    [
      'given a longer duration',
      'edited',
      (ours) => ({ ...ours, leaseDurationMs: 315_360_000_000 }),
    ],
    ['left without a duration', 'edited', (ours) => ({ ...ours, leaseDurationMs: undefined })],
    ['given other transitions', 'edited', (ours) => ({ ...ours, transitions: 0 })],
  ])('%s writes it again with acquireTime and transitions kept', async (_, found, edit) => {
    scene.server.edit(edit(won));
    await scene.clock.advance(2_000);
    expect(term.isTrusted()).toBe(true);
    expect(term.remainingMs()).toBe(14_000);
    expect(scene.server.record).toEqual({
      ...won,
      renewTimeUs: scene.server.record?.renewTimeUs,
    });
    expect(a.events.slice(1)).toEqual([{ kind: 'restored', found }]);
    expect(term.fencingToken).toBe('102');
  });

  test('touched without a change to what it says renews on top of it, without a word', async () => {
    scene.server.edit(won);
    await scene.clock.advance(2_000);
    expect(term.isTrusted()).toBe(true);
    expect(a.told).toEqual(['elected']);
  });

  test('given other times has lost: it cannot tell them from another process with its identity', async () => {
    scene.server.edit({ ...won, renewTimeUs: (won.renewTimeUs ?? 0) + 1 });
    await scene.clock.advance(2_000);
    expect(term.loss).toEqual({ kind: 'usurped', holder: 'a' });
  });

  test('deleted and taken by another has lost', async () => {
    scene.server.edit(undefined);
    await scene.replica('b').lead();
    await scene.clock.advance(2_000);
    expect(term.loss).toEqual({ kind: 'usurped', holder: 'b' });
    expect(scene.server.record?.holder).toBe('b');
  });

  test('deleted again and again leads on', async () => {
    for (let i = 0; i < 20; i += 1) {
      scene.server.edit(undefined);
      await scene.clock.advance(1_500);
    }
    expect(term.loss).toBeUndefined();
    expect(term.isTrusted()).toBe(true);
  });
});

test('whoever restores tells so once the write is acknowledged, not before', async () => {
  scene.server.edit(undefined);
  a.wire.once('write', {});
  a.wire.once('write', { there: new LockFault('unreachable', 'reset') });
  await scene.clock.advance(2_000);
  expect(a.told).toEqual(['elected', 'renewal-failing']);
  await scene.clock.advance(500);
  expect(a.told).toEqual(['elected', 'renewal-failing', 'renewal-recovered', 'restored']);
});

test('restoring gives trust from its own sending only', async () => {
  scene.server.edit(undefined);
  a.wire.once('write', {});
  a.wire.once('write', { back: 1_500 });
  await scene.clock.advance(2_000);
  a.wire.cut();
  await scene.clock.advance(1_500);
  expect(term.remainingMs()).toBe(12_500);
});

test('followers that saw the deadline leave the leader the time to restore', async () => {
  const b = scene.replica('b');
  b.campaign();
  await scene.clock.advance(10_000);
  const hands: ((ours: LeaderRecord) => LeaderRecord | undefined)[] = [
    () => undefined,
    (ours) => ({ ...ours, holder: '' }),
    (ours) => ({ ...ours, leaseDurationMs: 1_000 }),
  ];
  for (const hand of hands) {
    scene.server.edit(hand(scene.server.record!));
    expect(await scene.mostLeadingDuring(10_000)).toBe(1);
  }
  expect(scene.leading).toEqual(['a']);
});

test('a create that was given up and lands after a second deletion looks like a stranger: lost, not led twice', async () => {
  scene.server.edit(undefined);
  a.wire.once('write', {});
  a.wire.once('write', { there: 8_000 });
  a.wire.once('write', {});
  await scene.clock.advance(9_900);
  scene.server.edit(undefined);
  expect(await scene.mostLeadingDuring(5_000)).toBe(1);
});
