/** Without the verb `watch` everything goes as it did before there was a watch: standbys poll, leaders renew. */
import { describe, expect } from 'vitest';
import { leaseRules, withoutWatch } from './support/accounts.ts';
import type { Candidate } from './support/candidate.ts';
import { aside, swift, unhurried, type Contest, type Participation } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { intervalsMs } from './support/intervals.ts';
import { gapsMs } from './support/lives.ts';

async function joinUnwatched(contest: Contest, name: string, how: Participation = {}) {
  const account = await contest.account(name, leaseRules(...withoutWatch));
  return contest.joinThroughProxy(name, { ...how, account });
}

/** Once, as a warning, and what to do about it. */
async function saysWhatIsMissing(candidate: Candidate, { namespace }: Contest): Promise<void> {
  const { level, message } = await candidate.told('unwatched');
  expect(level).toBe('warn');
  expect(message).toContain(`not allowed to watch leases in namespace "${namespace}"`);
  expect(message).toContain(
    `add to a Role in namespace "${namespace}": ` +
      'apiGroups ["coordination.k8s.io"], resources ["leases"], verbs ["watch"]',
  );
}

function timesUnwatched({ log }: Candidate): number {
  return log.filter(({ event }) => event === 'unwatched').length;
}

describe.concurrent('a standby that may not watch', () => {
  test('says so once, and looks once a period and up to 20 % more over one connection', async ({
    contest,
  }) => {
    await contest.join('a');
    await contest.nthLife(1);
    const b = await joinUnwatched(contest, 'b');
    await saysWhatIsMissing(b, contest);
    await contest.nextRequests('b', 6);
    const all = await contest.requests('b');
    const looks = all.filter(({ verb }) => verb !== 'watch');
    expect(new Set(looks.map(({ verb, code }) => `${verb} ${code}`))).toEqual(new Set(['get 200']));
    for (const interval of intervalsMs(looks)) {
      expect(interval).toBeGreaterThan(900);
      expect(interval).toBeLessThan(3_500);
    }
    const refused = all.filter(({ verb }) => verb === 'watch');
    // A server that is just starting denies everything for a moment: only the second time counts.
    expect(refused.map(({ code }) => code)).toEqual([403, 403]);
    expect(timesUnwatched(b)).toBe(1);
    // And those that ended with the refusals.
    expect(b.proxy.connections).toBeLessThanOrEqual(3 + aside);
  });

  test('takes over after a release when it looks next', async ({ contest }) => {
    const a = await contest.join('a', { flags: unhurried });
    await contest.nthLife(1);
    const b = await joinUnwatched(contest, 'b', { flags: unhurried });
    await b.told('unwatched');
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    await contest.nthLife(2);
    const [gapMs] = gapsMs(await contest.lives());
    expect(gapMs).toBeLessThan(8_000);
    const did = await contest.looksAndWrites('b');
    const looks = did.slice(0, did.indexOf('update 200'));
    expect(looks.length).toBeGreaterThan(1);
    expect(new Set(looks)).toEqual(new Set(['get 200']));
  });

  test('takes over from a leader that is killed when the lease has run out', async ({
    contest,
  }) => {
    const a = await contest.join('a');
    await contest.nthLife(1);
    const b = await joinUnwatched(contest, 'b');
    await b.told('unwatched');
    a.signal('SIGKILL');
    await contest.nthLife(2);
    const [gapMs] = gapsMs(await contest.lives());
    expect(gapMs).toBeGreaterThan(4_000);
    expect(gapMs).toBeLessThan(6_000 + 1_200 + 2_800);
  });
});

describe.concurrent('a leader that may not watch', () => {
  test('says so once, and renews with one write a period over one connection', async ({
    contest,
  }) => {
    const a = await joinUnwatched(contest, 'a', { flags: swift });
    await saysWhatIsMissing(a, contest);
    await contest.nextRequests('a', 5);
    const writes = (await contest.requests('a')).filter(({ verb }) => verb === 'update');
    for (const interval of intervalsMs(writes)) expect(interval).toBeGreaterThan(900);
    expect(timesUnwatched(a)).toBe(1);
    expect(a.proxy.connections).toBeLessThanOrEqual(3 + aside);
  });

  test('notices a stranger over its record at the next renewal, and writes nothing over it', async ({
    contest,
  }) => {
    const a = await joinUnwatched(contest, 'a', { flags: unhurried });
    await a.told('unwatched');
    const { spec } = await contest.patchLease({ spec: { holderIdentity: 'stranger' } });
    await a.told('lost');
    expect(await a.ended).toEqual({ code: 79, signal: null });
    expect((await contest.lease())?.spec).toEqual(spec);
    expect((await contest.looksAndWrites('a')).slice(-2)).toEqual(['update 409', 'get 200']);
    const writes = (await contest.requests('a')).filter(({ verb }) => /create|update/.test(verb));
    for (const interval of intervalsMs(writes)) expect(interval).toBeGreaterThan(4_500);
  });
});
