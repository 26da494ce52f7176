import { beforeEach, expect, it } from 'vitest';
import { layFuse, type Fuse } from '../../src/child/fuse.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

let clock: FakeClock;
let fuse: Fuse;
let rings: number;

beforeEach(() => {
  clock = new FakeClock();
  fuse = layFuse(clock);
  rings = 0;
  void fuse.burnt.then(() => (rings += 1));
});

it('does not burn unless it is lit', async () => {
  await clock.advance(1_000_000);
  expect(fuse.isBurnt).toBe(false);
});

it('burns down in time, once', async () => {
  expect(fuse.within(100)).toBe(true);
  await clock.advance(99);
  expect(fuse.isBurnt).toBe(false);
  await clock.advance(1);
  expect([fuse.isBurnt, rings]).toEqual([true, 1]);
  fuse.within(0);
  await clock.advance(1_000);
  expect(rings).toBe(1);
});

it.each([0, -1, -Infinity])('burns down in no time within %i ms', async (ms) => {
  fuse.within(ms);
  await clock.advance(0);
  expect(rings).toBe(1);
});

it('can be made shorter', async () => {
  fuse.within(100);
  expect(fuse.within(50)).toBe(true);
  await clock.advance(50);
  expect(rings).toBe(1);
});

it('cannot be made longer', async () => {
  fuse.within(100);
  await clock.advance(40);
  expect(fuse.within(61)).toBe(false);
  await clock.advance(60);
  expect(rings).toBe(1);
});

it('burns down when the alarm rings late', async () => {
  fuse.within(100);
  clock.stall(5_000);
  await clock.advance(0);
  expect(rings).toBe(1);
});

it('burns down while the machine sleeps, and this is noticed within a second of waking', async () => {
  fuse.within(10_000);
  await clock.advance(100);
  clock.suspend(20_000);
  await clock.advance(999);
  expect(rings).toBe(1);
});

it('never burns once it is snuffed, and leaves nothing running', async () => {
  fuse.within(100);
  fuse.snuff();
  fuse.within(1);
  await clock.advance(1_000);
  expect([fuse.isBurnt, clock.sleepers]).toEqual([false, 0]);
});
