/**
 * The leader's connection is swallowed: open, silent, and healed later or never. Everything that it
 * ran must be dead before the standby's command starts. Every other tool of this kind lets both run.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, type TestContext } from 'vitest';
import { rounds, swift, type Contest, type Participation } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { gapsMs } from './support/lives.ts';
import { until } from './support/until.ts';

/** `a` leads with a group that is deaf to TERM, through a proxy; `b` stands by. */
async function deafLeaderAndStandby(contest: Contest, how: Participation = {}) {
  const command = contest.life('deaf', 'family');
  const a = await contest.joinThroughProxy('a', { ...how, command });
  await contest.nthLife(1, 2);
  const b = await contest.join('b', how);
  await b.told('standing-by');
  return { a, b };
}

/** How long the old group was dead when the new command started; to be seen with --reporter=verbose. */
async function safetyGapMs(contest: Contest, annotate: TestContext['annotate']): Promise<number> {
  await contest.nthLife(2);
  const gapMs = gapsMs(await contest.lives())[0]!;
  await annotate(`safety gap: ${gapMs} ms`);
  return gapMs;
}

describe.concurrent('a leader whose connection is swallowed', () => {
  test.for(rounds)(
    'has killed its deaf group before the other starts, 6/4/1, round %i',
    async (round, { contest, annotate }) => {
      const { a } = await deafLeaderAndStandby(contest);
      await delay((1_000 * round) / rounds.length); // another part of the renewal's period
      await a.proxy.set('swallow');
      expect(await safetyGapMs(contest, annotate)).toBeGreaterThan(0);
      expect(await a.ended).toEqual({ code: 79, signal: null });
    },
  );

  test('has killed its deaf group before the other starts, 15/10/2', async ({
    contest,
    annotate,
  }) => {
    const { a } = await deafLeaderAndStandby(contest, { flags: [] });
    await a.proxy.set('swallow');
    expect(await safetyGapMs(contest, annotate)).toBeGreaterThan(0);
    expect(await a.ended).toEqual({ code: 79, signal: null });
  });

  test('gives its command TERM at the renew deadline, and the rest of the budget to obey', async ({
    contest,
  }) => {
    const a = await contest.joinThroughProxy('a', { command: contest.life('slow') });
    await contest.nthLife(1);
    const flags = [...swift, '--stop-signal', 'INT'];
    const b = await contest.joinThroughProxy('b', { flags });
    await b.told('standing-by');
    await a.proxy.set('swallow');
    // By the wrapper or, when that is late, by its keepers.
    expect((await a.told('exited')).message).toMatch(/SIGKILL/);
    await b.told('started');
    await b.proxy.set('swallow');
    expect((await b.told('exited')).message).toMatch(/SIGINT/);
    expect(b.log.map(({ event }) => event)).not.toContain('killed');
  });

  test('of whose writes only the answers are lost keeps the other waiting, and stops in time', async ({
    contest,
    annotate,
  }) => {
    const { a } = await deafLeaderAndStandby(contest);
    await a.proxy.set('swallow-answers');
    expect(await safetyGapMs(contest, annotate)).toBeGreaterThan(0);
    expect(await a.ended).toEqual({ code: 79, signal: null });
  });

  test('goes on as if nothing had been when it is healed before the deadline', async ({
    contest,
  }) => {
    const a = await contest.joinThroughProxy('a');
    await contest.watching('a');
    const { connections } = a.proxy;
    await a.proxy.set('swallow');
    await until('the renewal is sent again', () => a.proxy.connections > connections);
    const { length } = await contest.requests('a');
    await a.proxy.heal('deliver');
    await contest.requestsBeyond('a', length + 4);
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    expect(await contest.lives()).toHaveLength(1);
  });

  test('survives a firewall that has forgotten its connections, by opening another for its renewals', async ({
    contest,
  }) => {
    const a = await contest.joinThroughProxy('a');
    await contest.watching('a');
    const { connections } = a.proxy;
    await a.proxy.heal('drop');
    const { spec } = (await contest.lease())!;
    await contest.leaseOnce(({ renewTime }) => renewTime !== spec.renewTime);
    expect(a.proxy.connections).toBe(connections + 1);
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    expect(a.log.map(({ event }) => event)).not.toContain('renewal-failing');
  });
});

describe.concurrent('a partition that heals when another leads leaves its record untouched', () => {
  /** What of a record stays the same for a whole term. */
  const termOf = async (contest: Contest) => {
    const { holderIdentity, acquireTime, leaseTransitions } = (await contest.lease())!.spec;
    return { holderIdentity, acquireTime, leaseTransitions };
  };
  const successfulWrites = async (contest: Contest, account: string) =>
    (await contest.requests(account)).filter(({ verb, code }) => verb === 'update' && code === 200);

  test('while the old leader is about to release', async ({ contest }) => {
    // A release takes as long as a request may.
    const flags = [...swift, '--request-timeout', '5s'];
    const { a, b } = await deafLeaderAndStandby(contest, { flags });
    await a.proxy.set('swallow');
    await b.told('started');
    const [before, written] = [await termOf(contest), await successfulWrites(contest, 'a')];
    await a.proxy.heal('deliver');
    expect((await a.told('release')).message).toMatch(/no longer ours/);
    expect(await a.ended).toEqual({ code: 79, signal: null });
    expect(await termOf(contest)).toEqual(before);
    expect(await successfulWrites(contest, 'a')).toEqual(written);
  });

  test('after the old leader has given up and gone', async ({ contest }) => {
    const { a, b } = await deafLeaderAndStandby(contest);
    await a.proxy.set('swallow');
    await b.told('started');
    await a.ended;
    const [before, written] = [await termOf(contest), await successfulWrites(contest, 'a')];
    await a.proxy.heal('deliver');
    const { spec } = (await contest.lease())!;
    await contest.leaseOnce(({ renewTime }) => renewTime !== spec.renewTime);
    expect(await termOf(contest)).toEqual(before);
    expect(await successfulWrites(contest, 'a')).toEqual(written);
  });

  test('and an old leader that rejoins stands by', async ({ contest }) => {
    const flags = [...swift, '--on-lost', 'rejoin'];
    const { a, b } = await deafLeaderAndStandby(contest, { flags });
    await a.proxy.set('swallow');
    await b.told('started');
    const [before, written] = [await termOf(contest), await successfulWrites(contest, 'a')];
    await a.proxy.heal('deliver');
    await a.told('standing-by');
    expect(await termOf(contest)).toEqual(before);
    expect(await successfulWrites(contest, 'a')).toEqual(written);
    b.signal('SIGTERM');
    await contest.nthLife(3);
    expect(Math.min(...gapsMs(await contest.lives()))).toBeGreaterThanOrEqual(0);
  });
});

describe.concurrent('a slow network', () => {
  test('of 300 ms each way costs neither the term nor the release', async ({ contest }) => {
    const a = await contest.joinThroughProxy('a');
    await contest.nthLife(1);
    await a.proxy.set({ delayMs: 300 });
    await contest.nextRequests('a', 9);
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    expect(a.log.map(({ event }) => event)).toEqual([
      'elected',
      'started',
      'stopping',
      'exited',
      'release',
    ]);
    expect(a.log.at(-1)?.message).toBe('released');
  });

  test('of 2.5 s each way is too slow for 6/4/1: its group dies in time', async ({
    contest,
    annotate,
  }) => {
    const { a } = await deafLeaderAndStandby(contest);
    await a.proxy.set({ delayMs: 2_500 });
    expect(await safetyGapMs(contest, annotate)).toBeGreaterThan(0);
    expect(await a.ended).toEqual({ code: 79, signal: null });
  });

  test('that resets every connection twice a second does not cost the term', async ({
    contest,
  }) => {
    const a = await contest.joinThroughProxy('a', { flags: [] });
    await contest.nthLife(1);
    const reset = async () => {
      await a.proxy.set('reset');
      await a.proxy.set('pass');
    };
    const resets = setInterval(() => void reset(), 500);
    await contest.nextRequests('a', 9);
    clearInterval(resets);
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    expect(await contest.lives()).toHaveLength(1);
  });
});
