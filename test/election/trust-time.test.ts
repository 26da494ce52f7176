import { expect, test } from 'vitest';
import { trustTime } from '../../src/election/clock.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

test('trust time goes with monotonic time while the machine is awake', () => {
  const clock = new FakeClock();
  const time = trustTime(clock);
  const before = time.now();
  clock.stall(12_345);
  expect(time.now() - before).toBe(12_345);
  expect(time.suspendedMs()).toBe(0);
});

test('a suspension counts in full', () => {
  const clock = new FakeClock();
  const time = trustTime(clock);
  const before = time.now();
  clock.suspend(60_000);
  expect(time.now() - before).toBe(60_000);
  expect(time.suspendedMs()).toBe(60_000);
});

test('several suspensions add up', () => {
  const clock = new FakeClock();
  const time = trustTime(clock);
  const before = time.now();
  for (let i = 0; i < 10; i += 1) {
    clock.suspend(1_000);
    clock.stall(10);
  }
  expect(time.now() - before).toBe(10_100);
});

test('the coarse steps of boot time are no suspension', () => {
  const clock = new FakeClock();
  const time = trustTime(clock);
  clock.suspend(100);
  expect(time.suspendedMs()).toBe(0);
});

test('short suspensions cannot hide behind the granularity: their sum counts', () => {
  const clock = new FakeClock();
  const time = trustTime(clock);
  for (let i = 0; i < 20; i += 1) {
    clock.suspend(60);
    time.now();
  }
  expect(time.suspendedMs()).toBeGreaterThanOrEqual(1_200 - 100);
});

test('it never goes backwards, even when boot time does', () => {
  const clock = new FakeClock();
  const time = trustTime(clock);
  clock.suspend(60_000);
  const before = time.now();
  clock.suspend(-30_000);
  expect(time.now()).toBe(before);
});

test('a step of the wall clock is no time at all', () => {
  const clock = new FakeClock();
  const time = trustTime(clock);
  const before = time.now();
  clock.stepWall(3_600_000);
  clock.stepWall(-7_200_000);
  expect(time.now()).toBe(before);
});

test('what the machine slept before counts for nothing', () => {
  const clock = new FakeClock();
  clock.suspend(86_400_000);
  expect(trustTime(clock).suspendedMs()).toBe(0);
});
