/** Two candidates for one lock: who runs when, as the commands themselves have written it down. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { describe, expect } from 'vitest';
import type { Candidate } from './support/candidate.ts';
import { rounds, swift, type Contest, type Participation } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { isReleased } from './support/lease.ts';
import { gapsMs } from './support/lives.ts';
import { until } from './support/until.ts';

/** `a` leads, with as many processes as it is said to have, and `b` stands by. */
async function leaderAndStandby(
  contest: Contest,
  how: Participation & { processes?: number } = {},
): Promise<{ a: Candidate; b: Candidate }> {
  const a = await contest.join('a', how);
  await contest.nthLife(1, how.processes);
  const b = await contest.join('b', { ...how, command: contest.life() });
  await b.told('standing-by');
  return { a, b };
}

/** The life that follows the first. */
async function secondLife(contest: Contest) {
  const second = await contest.nthLife(2);
  const first = await contest.nthLife(1);
  return { first, second, gapMs: gapsMs([first, second])[0]! };
}

/** The machine's uptime at a time of its wall clock, as exact as uptime is: 10 ms. */
function uptimeMsAt(wallTime: string): number {
  return Date.parse(wallTime) - Date.now() + uptime() * 1_000;
}

describe.concurrent('after TERM to the leader', () => {
  test('its command stops, then the Lease is released, then the other starts', async ({
    contest,
  }) => {
    const { a } = await leaderAndStandby(contest);
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    const { first, second, gapMs } = await secondLife(contest);
    expect(gapMs).toBeGreaterThanOrEqual(0);

    const release = (await contest.requests('a')).at(-1)!;
    const claim = (await contest.requests('b')).find(({ verb }) => verb === 'update')!;
    expect(release).toMatchObject({ verb: 'update', code: 200 });
    expect(first.lastMs - 10).toBeLessThanOrEqual(uptimeMsAt(release.receivedAt));
    expect(release.receivedAt < claim.receivedAt).toBe(true);
    expect(uptimeMsAt(claim.receivedAt) - 10).toBeLessThanOrEqual(second.firstMs);
  });

  test('the Lease is renewed while the command takes 3 s to stop, and nobody else starts', async ({
    contest,
  }) => {
    const { a } = await leaderAndStandby(contest, { command: contest.life('slow') });
    const before = (await contest.looksAndWrites('a')).length;
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 0, signal: null });
    const renewals = (await contest.looksAndWrites('a')).slice(before, -1);
    expect(renewals.length).toBeGreaterThanOrEqual(2);
    expect((await secondLife(contest)).gapMs).toBeGreaterThanOrEqual(0);
  });

  test('a command and its children that ignore it are killed before the other starts', async ({
    contest,
  }) => {
    const { a } = await leaderAndStandby(contest, {
      command: contest.life('deaf', 'family', 'exile'),
      flags: [...swift, '--stop-timeout', '1s'],
      processes: 3,
    });
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 137, signal: null });
    expect((await secondLife(contest)).gapMs).toBeGreaterThanOrEqual(0);
  });
});

describe.concurrent('a command that ends by itself', () => {
  test('takes what it left behind with it before the other starts', async ({ contest }) => {
    const { a } = await leaderAndStandby(contest, {
      command: contest.life('family', 'exile'),
      processes: 3,
    });
    process.kill((await a.told('started')).pid!, 'SIGKILL');
    expect(await a.ended).toEqual({ code: 137, signal: null });
    expect((await secondLife(contest)).gapMs).toBeGreaterThanOrEqual(0);
  });
});

describe.concurrent('a leader that', () => {
  test('is killed takes everything with it, and the other leads when the lease has run out', async ({
    contest,
  }) => {
    const { a } = await leaderAndStandby(contest, {
      command: contest.life('deaf', 'family', 'exile'),
      processes: 3,
    });
    a.signal('SIGKILL');
    await a.ended;
    const { gapMs } = await secondLife(contest);
    expect(gapMs).toBeGreaterThan(4_000);
  });

  test('is stopped for longer than its lease is succeeded, and writes nothing when it goes on', async ({
    contest,
  }) => {
    const { a } = await leaderAndStandby(contest, {
      command: contest.life('deaf', 'family'),
      processes: 2,
    });
    a.signal('SIGSTOP');
    const { gapMs } = await secondLife(contest);
    expect(gapMs).toBeGreaterThan(0);
    const before = (await contest.lease())!.spec;
    const asked = (await contest.requests('a')).length;
    a.signal('SIGCONT');
    expect(await a.ended).toEqual({ code: 79, signal: null });
    const { holderIdentity, acquireTime, leaseTransitions } = before;
    const after = (await contest.lease())!.spec;
    expect(after).toMatchObject({ holderIdentity, acquireTime, leaseTransitions });
    const since = (await contest.requests('a')).slice(asked);
    expect(since.filter(({ verb, code }) => verb === 'update' && code === 200)).toEqual([]);
  });
});

describe.concurrent('a leader that is frozen between its election and its command', () => {
  test.for(rounds)('does not start it late, round %i', async (_, { contest }) => {
    const a = await contest.join('a', { flags: [...swift, '--on-lost', 'rejoin'] });
    const children = `/proc/${a.pid}/task/${a.pid}/children`;
    // It is the outer keeper. The command follows some milliseconds later, below it.
    await until('a child', () => readFileSync(children, 'utf8'), { everyMs: 1 });
    a.signal('SIGSTOP');
    const b = await contest.join('b');
    const { fencingToken } = await b.told('elected');
    await until('a sign of life', async () =>
      (await contest.lives()).some(({ token }) => String(token) === fencingToken),
    );
    a.signal('SIGCONT');
    await a.told('standing-by');
    for (const gapMs of gapsMs(await contest.lives())) expect(gapMs).toBeGreaterThan(0);
  });
});

describe.concurrent('two with the same --identity', () => {
  test('never lead at once, the second waits as for a stranger', async ({ contest }) => {
    const { a, b } = await leaderAndStandby(contest, { flags: [...swift, '--identity', 'same'] });
    expect((await contest.lease())?.spec.holderIdentity).toBe('same');
    a.signal('SIGKILL');
    await a.ended;
    const { gapMs } = await secondLife(contest);
    expect(gapMs).toBeGreaterThan(4_000);
    b.signal('SIGTERM');
    await b.ended;
    expect(isReleased((await contest.lease())!.spec)).toBe(true);
  });

  test('and started at the same moment have one leader', async ({ contest }) => {
    const flags = [...swift, '--identity', 'same'];
    const joined = await Promise.all(['a', 'b', 'c'].map((name) => contest.join(name, { flags })));
    await contest.nthLife(1);
    const outcomes = joined.map((one) =>
      Promise.race([one.told('standing-by'), one.told('started')]),
    );
    const events = (await Promise.all(outcomes)).map(({ event }) => event);
    expect(events.sort()).toEqual(['standing-by', 'standing-by', 'started']);
    expect(await contest.lives()).toHaveLength(1);
  });
});
