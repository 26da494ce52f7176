import { describe, expect, it, test } from 'vitest';
import {
  defaultTiming,
  marginMs,
  stopBudgetMs,
  timingProblem,
  timingWarning,
  trustFrom,
  type Timing,
} from '../../src/election/timing.ts';

const timingOf = (lease: number, deadline: number, retry: number): Timing => ({
  leaseDurationMs: lease * 1_000,
  renewDeadlineMs: deadline * 1_000,
  retryPeriodMs: retry * 1_000,
});

describe('the sums', () => {
  test.each([
    { timing: timingOf(15, 10, 2), margin: 1_000, budget: 4_000 },
    { timing: timingOf(6, 4, 1), margin: 550, budget: 1_450 },
    { timing: timingOf(17, 15, 5), margin: 1_100, budget: 900 },
    { timing: timingOf(60, 40, 5), margin: 3_250, budget: 16_750 },
  ])('of $timing: a margin of $margin ms, $budget ms to stop', ({ timing, margin, budget }) => {
    expect(marginMs(timing.leaseDurationMs)).toBe(margin);
    expect(stopBudgetMs(timing)).toBe(budget);
  });

  test('the defaults are those of client-go', () => {
    expect(defaultTiming).toEqual(timingOf(15, 10, 2));
  });

  test('trust ends at s + renew deadline, the command at s + lease − margin', () => {
    expect(trustFrom(7_000, defaultTiming)).toEqual({
      sentAtMs: 7_000,
      lossAtMs: 17_000,
      killAtMs: 21_000,
    });
  });

  test('the margin pays for clocks that run 1 % too slow and 1 % too fast, whatever the lease', () => {
    for (const leaseDurationMs of [1_000, 6_000, 15_000, 60_000, 86_400_000]) {
      const trueKillMs = (leaseDurationMs - marginMs(leaseDurationMs)) / 0.99;
      const trueClaimMs = leaseDurationMs / 1.01;
      expect(trueClaimMs - trueKillMs).toBeGreaterThanOrEqual(200);
    }
  });
});

describe('timings that cannot work are refused (R5)', () => {
  test.each([
    [
      'a fraction of a second',
      timingOf(6.9, 4, 1),
      'the lease duration is 6.9s, but a Lease holds whole seconds, at least 1',
    ],
    [
      'no lease at all',
      timingOf(0, 0, 0),
      'the lease duration is 0s, but a Lease holds whole seconds, at least 1',
    ],
    [
      'a negative lease',
      timingOf(-15, 10, 2),
      'the lease duration is -15s, but a Lease holds whole seconds, at least 1',
    ],
    [
      'a lease beyond int32 seconds',
      timingOf(2 ** 31, 10, 2),
      'the lease duration is 2147483648s, but a Lease holds at most 2147483647s',
    ],
    ['no retry period', timingOf(15, 10, 0), 'the retry period is 0s, it must be positive'],
    [
      'a negative retry period',
      timingOf(15, 10, -1),
      'the retry period is -1s, it must be positive',
    ],
    [
      'a renew deadline as long as the lease',
      timingOf(15, 15, 2),
      'the renew deadline (15s) must be shorter than the lease duration (15s)',
    ],
    [
      'a retry that client-go’s jitter stretches to the renew deadline',
      timingOf(15, 6, 5),
      'the retry period × 1.2 (6s) must be shorter than the renew deadline (6s)',
    ],
    [
      'a stop budget below zero',
      timingOf(15, 14.5, 2),
      'no time to stop the command: lease duration 15s − renew deadline 14.5s' +
        ' − safety margin 1s (250ms + 5 %) = -0.5s',
    ],
    [
      'a stop budget of nothing',
      timingOf(15, 14, 2),
      'no time to stop the command: lease duration 15s − renew deadline 14s' +
        ' − safety margin 1s (250ms + 5 %) = 0s',
    ],
  ])('%s', (_, timing, problem) => {
    expect(timingProblem(timing)).toBe(problem);
  });

  test.each([
    ['the lease duration', timingOf(Number.NaN, 10, 2)],
    ['the renew deadline', timingOf(15, Number.NaN, 2)],
    ['the retry period', timingOf(15, 10, Number.NaN)],
    ['an endless lease', timingOf(Infinity, 10, 2)],
  ])('no number at all: %s', (_, timing) => {
    expect(timingProblem(timing)).toBeDefined();
  });
});

describe('timings that work', () => {
  test.each([
    ['the defaults', defaultTiming],
    ['a short lease', timingOf(6, 4, 1)],
    ['17/15/5, found in the wild', timingOf(17, 15, 5)],
    ['the shortest lease there is', timingOf(1, 0.6, 0.4)],
    ['the longest lease there is', timingOf(2 ** 31 - 1, 10, 2)],
    ['a stop budget of one millisecond', timingOf(15, 13.999, 2)],
  ])('%s', (_, timing) => {
    expect(timingProblem(timing)).toBeUndefined();
  });
});

describe('a warning', () => {
  it('names the sum when less than a second is left to stop', () => {
    expect(timingWarning(timingOf(17, 15, 5))).toBe(
      'on a loss the command has less than a second to stop: lease duration 17s' +
        ' − renew deadline 15s − safety margin 1.1s (250ms + 5 %) = 0.9s',
    );
  });

  it('is not given for a second or more', () => {
    expect(timingWarning(timingOf(15, 13, 2))).toBeUndefined();
    expect(timingWarning(defaultTiming)).toBeUndefined();
  });
});
