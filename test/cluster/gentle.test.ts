/** What we cost the server, and how well we behave towards it. */
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { aside, unhurried } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { intervalsMs } from './support/intervals.ts';
import { isReleased } from './support/lease.ts';
import { until } from './support/until.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

describe.concurrent('a leader', () => {
  test('renews with one write a period, watches over a second connection, and reads nothing', async ({
    contest,
  }) => {
    const a = await contest.joinThroughProxy('a');
    await contest.watching('a');
    await contest.nextRequests('a', 8);
    const all = await contest.requests('a');
    const watches = all.filter(({ verb }) => verb === 'watch');
    expect(watches.map(({ code, stage }) => `${code} ${stage}`)).toEqual(['200 ResponseStarted']);
    const [look, claim, ...renewals] = all.filter(({ verb }) => verb !== 'watch');
    expect([look, claim].map((request) => request?.verb)).toEqual(['get', 'create']);
    expect(new Set(renewals.map(({ verb, code }) => `${verb} ${code}`))).toEqual(
      new Set(['update 200']),
    );
    for (const interval of intervalsMs(renewals)) {
      expect(interval).toBeGreaterThan(900);
      expect(interval).toBeLessThan(3_500);
    }
    expect(a.proxy.connections).toBeLessThanOrEqual(2 + aside);
  });

  test('gives the lock back with one write, reads nothing, and leaves no watch behind', async ({
    contest,
  }) => {
    const a = await contest.join('a');
    await contest.watching('a');
    const { length } = await contest.requests('a');
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    const last = (await contest.requests('a')).slice(length);
    expect(last.map(({ verb, code }) => `${verb} ${code}`).at(-1)).toBe('update 200');
    expect(new Set(last.map(({ verb }) => verb))).toEqual(new Set(['update']));
    expect(isReleased((await contest.lease())!.spec)).toBe(true);
    await until('the watch has ended', async () =>
      (await contest.requests('a')).every(({ stage }) => stage === 'ResponseComplete'),
    );
  });

  test('says who it is', async ({ contest }) => {
    const a = await contest.join('a');
    await contest.watching('a');
    a.signal('SIGTERM');
    await a.ended;
    const agents = new Set((await contest.requests('a')).map(({ userAgent }) => userAgent));
    expect(agents).toEqual(new Set([`k8s-leader/${version}`]));
  });

  test('writes nothing that the server would warn about, with strict validation of fields', async ({
    contest,
  }) => {
    const account = await contest.account('a');
    const recorder = await contest.recorder(account);
    await contest.createLease({}, { annotations: { 'example.com/note': 'kept' } });
    const kubeconfig = await contest.controlPlane.kubeconfig({
      server: recorder.url,
      namespace: contest.namespace,
    });
    const a = await contest.join('a', { kubeconfig, account, flags: unhurried });
    await contest.watching('a');
    await contest.deleteLease();
    await a.told('restored');
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    const verbs = recorder.exchanges.map(({ method, status }) => `${method} ${status}`);
    expect(verbs).toEqual([
      'GET 200',
      'PUT 200',
      'WATCH 200',
      'PUT 409',
      'GET 404',
      'POST 201',
      'PUT 200',
    ]);
    expect(recorder.exchanges.map(({ warning }) => warning).filter(Boolean)).toEqual([]);
  });
});

describe.concurrent('a standby', () => {
  test('looks once, watches over a second connection, and asks nothing more while the leader renews', async ({
    contest,
  }) => {
    const flags = ['--lease-duration', '15s', '--renew-deadline', '10s', '--retry-period', '1s'];
    await contest.join('a', { flags });
    await contest.nthLife(1);
    const b = await contest.joinThroughProxy('b', { flags });
    await contest.watching('b');
    const watchedAt = performance.now();
    await contest.nextRequests('a', 13);
    expect(performance.now() - watchedAt).toBeGreaterThan(10_000);
    const asked = await contest.requests('b');
    expect(asked.map(({ verb, code, stage }) => `${verb} ${code} ${stage}`)).toEqual([
      'get 200 ResponseComplete',
      'watch 200 ResponseStarted',
    ]);
    expect(b.proxy.connections).toBeLessThanOrEqual(2 + aside);
  });
});
