/**
 * What the watch is for: whoever stands by, or leads, hears of a change when it happens. The retry period is so long
 * that no renewal and no look could have been the cause. What happens where it is forbidden is in unwatched.test.ts.
 */
import { uptime } from 'node:os';
import { describe, expect } from 'vitest';
import { patient, swift, unhurried, type Contest, type Participation } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { isReleased, type LeaseSpec } from './support/lease.ts';
import { gapsMs } from './support/lives.ts';
import { until } from './support/until.ts';

/** Far below the retry period, for a machine that is busy with other things. */
const promptMs = 2_500;
const soonMs = 3_000;
const uptimeMs = () => uptime() * 1_000;

async function watchingLeader(contest: Contest, how: Participation = {}) {
  const a = await contest.join('a', { flags: unhurried, ...how });
  await contest.nthLife(1);
  await contest.watching('a');
  return a;
}

async function leaderAndStandby(contest: Contest, flags: readonly string[] = unhurried) {
  const a = await watchingLeader(contest, { flags });
  const b = await contest.joinThroughProxy('b', { flags });
  await contest.watching('b');
  return { a, b };
}

async function watchesOf(contest: Contest, account: string): Promise<number> {
  const asked = await contest.requests(account);
  return asked.filter(({ verb, code }) => verb === 'watch' && code === 200).length;
}

/** From the last sign of the old command to the first of the new one. */
async function handOverMs(contest: Contest, nth = 2): Promise<number> {
  await contest.nthLife(nth);
  return gapsMs(await contest.lives()).at(-1)!;
}

describe.concurrent('a standby that watches', () => {
  test('starts its command long before its next look when a leader releases', async ({
    contest,
    annotate,
  }) => {
    const { a } = await leaderAndStandby(contest);
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    const gapMs = await handOverMs(contest);
    await annotate(`hand-over: ${gapMs} ms`);
    expect(gapMs).toBeGreaterThanOrEqual(0);
    expect(gapMs).toBeLessThan(promptMs);
    expect((await contest.looksAndWrites('b')).slice(0, 2)).toEqual(['get 200', 'update 200']);
  });

  test('is one of five, of which one leads after a release and four go on watching', async ({
    contest,
    annotate,
  }) => {
    const a = await watchingLeader(contest);
    const names = ['b', 'c', 'd', 'e', 'f'];
    const crowd = await Promise.all(names.map((name) => contest.join(name, { flags: unhurried })));
    await Promise.all(names.map((name) => contest.watching(name)));
    a.signal('SIGTERM');
    await a.ended;
    const gapMs = await handOverMs(contest);
    await annotate(`hand-over: ${gapMs} ms`);
    expect(gapMs).toBeGreaterThanOrEqual(0);
    expect(gapMs).toBeLessThan(promptMs);
    const isStandingBy = (_: string, place: number) =>
      crowd[place]!.log.every(({ event }) => event !== 'elected');
    const others = names.filter(isStandingBy);
    expect(others).toHaveLength(4);
    await Promise.all(others.map((name) => contest.watching(name)));
    for (const name of others) expect(await watchesOf(contest, name)).toBe(1);
    expect(await contest.lives()).toHaveLength(2);
  });

  test('takes a Lease that a person empties for a leader that is gone', async ({ contest }) => {
    await contest.createLease({ holderIdentity: 'dead', leaseDurationSeconds: 3_600 });
    const b = await contest.join('b', { flags: unhurried });
    await contest.watching('b');
    await contest.patchLease({ spec: { holderIdentity: '', leaseDurationSeconds: 1 } });
    const emptiedAt = performance.now();
    await b.told('started');
    expect(performance.now() - emptiedAt).toBeLessThan(soonMs);
  });
});

describe.concurrent('a leader that watches', () => {
  test('sees a stranger over its record: its group is gone at once, nothing is written over it', async ({
    contest,
    annotate,
  }) => {
    const a = await watchingLeader(contest, { command: contest.life('deaf', 'family') });
    await contest.nthLife(1, 2);
    const { length } = await contest.looksAndWrites('a');
    const writtenMs = uptimeMs();
    const { spec } = await contest.patchLease({ spec: { holderIdentity: 'stranger' } });
    expect(await a.ended).toEqual({ code: 79, signal: null });
    const { lastMs } = await contest.nthLife(1);
    await annotate(`gone after ${Math.round(lastMs - writtenMs)} ms`);
    expect(lastMs - writtenMs).toBeLessThan(soonMs);
    expect((await contest.lease())?.spec).toEqual(spec);
    expect((await contest.looksAndWrites('a')).slice(length)).toEqual(['update 409', 'get 200']);
  });

  test.for<[string, LeaseSpec | undefined]>([
    ['deleted', undefined],
    ['emptied', { holderIdentity: '' }],
    ['released by a foreign hand', { holderIdentity: '', leaseDurationSeconds: 1 }],
    ['shortened', { leaseDurationSeconds: 1 }],
  ])('restores a record that is %s at once', async ([, edit], { contest, annotate }) => {
    const a = await watchingLeader(contest);
    const before = (await contest.lease())!.spec;
    const editedAt = performance.now();
    if (edit) await contest.patchLease({ spec: edit });
    else await contest.deleteLease();
    await a.told('restored');
    const tookMs = performance.now() - editedAt;
    await annotate(`restored after ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(soonMs);
    const after = (await contest.lease())!.spec;
    expect(after).toEqual({ ...before, renewTime: after.renewTime });
    expect(await contest.lives()).toHaveLength(1);
    expect(a.log.map(({ event }) => event)).toEqual(['elected', 'started', 'restored']);
  });
});

describe.concurrent('a watch that stays open and silent', () => {
  test('costs no takeover: the standby leads within lease duration and silence bound', async ({
    contest,
    annotate,
  }) => {
    const { a, b } = await leaderAndStandby(contest, swift);
    await b.proxy.heal('drop');
    a.signal('SIGKILL');
    const gapMs = await handOverMs(contest);
    await annotate(`takeover: ${gapMs} ms`);
    expect(gapMs).toBeGreaterThan(4_000);
    // 6 s, two retry periods and a fifth, one more for the connection that is silent as well; and a busy machine.
    expect(gapMs).toBeLessThan(6_000 + 2_400 + 1_000 + 2_600);
  });

  test('is found out while the leader renews, and opened again', async ({ contest }) => {
    const { a, b } = await leaderAndStandby(contest, swift);
    await b.proxy.heal('drop');
    await until('a second watch', async () => (await watchesOf(contest, 'b')) > 1);
    expect(b.log.map(({ event }) => event)).toEqual(['standing-by']);
    const { length } = await contest.looksAndWrites('b');
    a.signal('SIGTERM');
    const gapMs = await handOverMs(contest);
    expect(gapMs).toBeGreaterThanOrEqual(0);
    expect(gapMs).toBeLessThan(promptMs);
    expect((await contest.looksAndWrites('b'))[length]).toBe('update 200');
  });

  test('costs a leader nothing but time: a stranger is found at the next renewal', async ({
    contest,
  }) => {
    const a = await contest.joinThroughProxy('a');
    await contest.watching('a');
    await a.proxy.heal('drop');
    const { spec } = await contest.patchLease({ spec: { holderIdentity: 'stranger' } });
    expect(await a.ended).toEqual({ code: 79, signal: null });
    expect((await contest.lease())?.spec).toEqual(spec);
  });
});

describe('a server that is started again under those that watch, after', () => {
  test.for(['SIGKILL', 'SIGTERM'] as const)(
    '%s, costs no term, and a release is heard of as before',
    async (signal, { contest, annotate }) => {
      const { apiserver } = contest.controlPlane;
      const { a, b } = await leaderAndStandby(contest, patient);
      const [watchesOfA, watchesOfB] = [
        await watchesOf(contest, 'a'),
        await watchesOf(contest, 'b'),
      ];
      await apiserver.stop(signal);
      await apiserver.start();
      const startedAt = performance.now();
      const bothWatchAgain = async () => {
        const isAgain = (await watchesOf(contest, 'a')) > watchesOfA;
        return isAgain && (await watchesOf(contest, 'b')) > watchesOfB;
      };
      // A server that starts refuses everybody until it knows the Roles: that must not be taken for an answer.
      await until('both watch again', bothWatchAgain, { withinMs: 60_000 });
      await annotate(`both watch again after ${Math.round(performance.now() - startedAt)} ms`);
      expect(a.log.map(({ event }) => event)).not.toContain('stopping');
      expect(b.log.map(({ event }) => event)).not.toContain('elected');
      const { length } = await contest.looksAndWrites('b');
      a.signal('SIGTERM');
      expect(await a.ended).toEqual({ code: 143, signal: null });
      const gapMs = await handOverMs(contest);
      await annotate(`hand-over: ${gapMs} ms`);
      expect(gapMs).toBeGreaterThanOrEqual(0);
      expect(gapMs).toBeLessThan(promptMs);
      expect((await contest.looksAndWrites('b'))[length]).toBe('update 200');
      b.signal('SIGTERM');
      await b.ended;
      expect(isReleased((await contest.lease())!.spec)).toBe(true);
    },
  );
});
