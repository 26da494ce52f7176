import { beforeEach, describe, expect, it } from 'vitest';
import { defaultTiming } from '../../src/election/timing.ts';
import { trustTime, type TrustTime } from '../../src/election/trust-time.ts';
import { TrustWindow } from '../../src/election/trust-window.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

let clock: FakeClock;
let time: TrustTime;
let window: TrustWindow;

/** Opened by a write that was sent just now, under 15/10/2. */
beforeEach(() => {
  clock = new FakeClock();
  time = trustTime(clock);
  window = new TrustWindow(time, defaultTiming, time.now());
});

describe('a trust window', () => {
  it('counts everything from the sending of the write that opened it', () => {
    clock.stall(1_500);
    expect([window.renewalInMs(), window.lossInMs(), window.killInMs()]).toEqual([
      500, 8_500, 12_500,
    ]);
  });

  it('counts the sleep of the machine as well', () => {
    clock.suspend(5_000);
    expect(window.lossInMs()).toBe(5_000);
  });

  it('opens anew from the sending of a later write, not from its answer', () => {
    clock.stall(2_000);
    const sentAtMs = time.now();
    clock.stall(3_000);
    expect(window.extend(sentAtMs)).toBe(true);
    expect(window.lossInMs()).toBe(7_000);
  });

  it('is not opened by a write that was sent too long ago', () => {
    const sentAtMs = time.now();
    clock.stall(9_999);
    expect(window.extend(sentAtMs)).toBe(true);
    clock.stall(1);
    expect(window.extend(sentAtMs)).toBe(false);
  });
});

describe('a window that closed', () => {
  it('while the machine slept is doubted, for one more renew deadline', () => {
    clock.suspend(60_000);
    expect(window.doubtIfSlept()).toBe(60_000);
    expect(window.isDoubted).toBe(true);
    expect(window.lossInMs()).toBe(10_000);
    expect(window.killInMs()).toBe(14_000 - 60_000);
  });

  it('while the machine was awake is not', () => {
    clock.stall(10_000);
    expect(window.doubtIfSlept()).toBeUndefined();
    expect(window.isDoubted).toBe(false);
  });

  it('for more reasons than sleep is not', () => {
    clock.suspend(5_000);
    clock.stall(10_000);
    expect(window.doubtIfSlept()).toBeUndefined();
  });

  it('in doubt is not doubted a second time', () => {
    clock.suspend(60_000);
    window.doubtIfSlept();
    clock.suspend(60_000);
    expect(window.doubtIfSlept()).toBeUndefined();
    expect(window.lossInMs()).toBeLessThan(0);
  });

  it('is opened by a write sent after the sleep, and then out of doubt', () => {
    clock.suspend(60_000);
    window.doubtIfSlept();
    expect(window.extend(time.now())).toBe(true);
    expect(window.isDoubted).toBe(false);
    expect(window.lossInMs()).toBe(10_000);
  });

  it('is not opened by a write sent before the sleep', () => {
    const sentAtMs = time.now();
    clock.suspend(60_000);
    window.doubtIfSlept();
    expect(window.extend(sentAtMs)).toBe(false);
    expect(window.isDoubted).toBe(true);
  });
});
