import { beforeEach, expect, it } from 'vitest';
import { movableDeadline, type Deadline } from '../../src/run/deadline.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

let clock: FakeClock;
let deadline: Deadline;
let rings: number;

beforeEach(() => {
  clock = new FakeClock();
  deadline = movableDeadline(clock);
  rings = 0;
  void deadline.passed.then(() => (rings += 1));
});

it('does not pass unless it is set', async () => {
  await clock.advance(1_000_000);
  expect(deadline.hasPassed).toBe(false);
});

it('passes in time, once', async () => {
  expect(deadline.within(100)).toBe(true);
  await clock.advance(99);
  expect(deadline.hasPassed).toBe(false);
  await clock.advance(1);
  expect([deadline.hasPassed, rings]).toEqual([true, 1]);
  deadline.within(0);
  await clock.advance(1_000);
  expect(rings).toBe(1);
});

it.each([0, -1, -Infinity])('passes at once within %i ms', async (ms) => {
  deadline.within(ms);
  await clock.advance(0);
  expect(rings).toBe(1);
});

it('can be made shorter', async () => {
  deadline.within(100);
  expect(deadline.within(50)).toBe(true);
  await clock.advance(50);
  expect(rings).toBe(1);
});

it('cannot be made longer', async () => {
  deadline.within(100);
  await clock.advance(40);
  expect(deadline.within(61)).toBe(false);
  await clock.advance(60);
  expect(rings).toBe(1);
});

it('passes when the alarm rings late', async () => {
  deadline.within(100);
  clock.stall(5_000);
  await clock.advance(0);
  expect(rings).toBe(1);
});

it('passes while the machine sleeps, and this is noticed within a second of waking', async () => {
  deadline.within(10_000);
  await clock.advance(100);
  clock.suspend(20_000);
  await clock.advance(999);
  expect(rings).toBe(1);
});

it('never burns once it is canceled, and leaves nothing running', async () => {
  deadline.within(100);
  deadline.cancel();
  deadline.within(1);
  await clock.advance(1_000);
  expect([deadline.hasPassed, clock.sleepers]).toEqual([false, 0]);
});
