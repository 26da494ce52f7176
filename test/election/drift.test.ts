import { describe, expect, it, test } from 'vitest';
import { defaultTiming, type Timing } from '../../src/election/timing.ts';
import { Machine, ProcessClock } from '../simulation/machine.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { Scene } from './scene.ts';

const dayMs = 86_400_000;
const timings: [string, Timing][] = [
  ['15/10/2', defaultTiming],
  ['6/4/1', { leaseDurationMs: 6_000, renewDeadlineMs: 4_000, retryPeriodMs: 1_000 }],
  ['17/15/5', { leaseDurationMs: 17_000, renewDeadlineMs: 15_000, retryPeriodMs: 5_000 }],
  ['1/0.6/0.4', { leaseDurationMs: 1_000, renewDeadlineMs: 600, retryPeriodMs: 400 }],
];

/**
 * The worst case in true time: the leader is cut off in the instant in which a follower first sees its latest
 * write. Until when may the leader's command run, and when does the follower lead?
 */
async function takeover(timing: Timing, leaderRate: number, followerRate: number) {
  const scene = new Scene();
  const clockOf = (rate: number, offsetMs: number) =>
    new ProcessClock(new Machine(scene.clock, { rate, offsetMs }), scene.clock);
  const leader = scene.replica('leader', { timing, clock: clockOf(leaderRate, -3 * dayMs) });
  const follower = scene.replica('follower', { timing, clock: clockOf(followerRate, 9 * dayMs) });
  const term = await leader.lead();
  const killedAtMs = scene.clock.now() + term.remainingMs() / leaderRate;
  leader.wire.cut();
  let electedAtMs = Infinity;
  void follower.campaign().ended.then(() => (electedAtMs = scene.clock.now()));
  await scene.clock.advance(2 * timing.leaseDurationMs);
  await atRest();
  return { killedAtMs, electedAtMs };
}

describe.each(timings)('under %s', (_, timing) => {
  test.each([
    [0.99, 1.01],
    [1, 1],
    [1.01, 0.99],
  ])(
    'a leader whose clock runs at %d is gone before a follower at %d leads, days apart',
    async (leaderRate, followerRate) => {
      const { killedAtMs, electedAtMs } = await takeover(timing, leaderRate, followerRate);
      expect(electedAtMs - killedAtMs).toBeGreaterThan(200);
    },
  );

  it('is succeeded within its lease and the drift, not later', async () => {
    const { electedAtMs } = await takeover(timing, 0.99, 0.99);
    expect(electedAtMs - 1_000).toBeLessThanOrEqual(timing.leaseDurationMs / 0.99 + 1);
  });
});
