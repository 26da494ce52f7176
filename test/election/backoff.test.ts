import { expect, test } from 'vitest';
import { backoffMs } from '../../src/election/request.ts';
import { LockFault } from '../../src/election/lock.ts';
import { defaultTiming as timing } from '../../src/election/timing.ts';

const calm = 0;
const restless = 0.999_999;
const busy = (retryAfterMs: number) => new LockFault('unreachable', 'busy', { retryAfterMs });

test.each([
  [0, 100],
  [1, 200],
  [2, 400],
  [3, 800],
  [4, 1_600],
  [5, 2_000],
  [6, 2_000],
  [5_000, 2_000],
])('after %i faults the pause is %i ms: doubling up to the retry period', (failures, ms) => {
  expect(backoffMs(failures, { timing, spread: calm })).toBe(ms);
});

test('a retry period below the first pause wins', () => {
  expect(backoffMs(0, { timing: { ...timing, retryPeriodMs: 30 }, spread: calm })).toBe(30);
});

test('pauses are spread by up to a fifth, and never shorter', () => {
  expect(backoffMs(0, { timing, spread: restless })).toBeCloseTo(120, 3);
  expect(backoffMs(9, { timing, spread: restless })).toBeCloseTo(2_400, 2);
});

test('the server’s Retry-After is honoured, beyond the retry period too', () => {
  expect(backoffMs(0, { fault: busy(30_000), timing, spread: calm })).toBe(30_000);
});

test('a Retry-After below our own pause does not shorten it', () => {
  expect(backoffMs(4, { fault: busy(1_000), timing, spread: calm })).toBe(1_600);
});

test('a fault without Retry-After changes nothing', () => {
  const fault = new LockFault('unreachable', 'reset');
  expect(backoffMs(1, { fault, timing, spread: calm })).toBe(200);
});
