/** What we cost the server, and how well we behave towards it. */
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import type { AuditEntry } from '../support/control-plane.ts';
import { swift } from './support/contest.ts';
import { test } from './support/fixtures.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

function intervalsMs(requests: readonly AuditEntry[]): number[] {
  const times = requests.map(({ receivedAt }) => Date.parse(receivedAt));
  return times.slice(1).map((time, index) => time - times[index]!);
}

describe.concurrent('a leader', () => {
  test('renews with one write a period over one connection, and reads nothing', async ({
    contest,
  }) => {
    const a = await contest.joinThroughProxy('a');
    await contest.nextRequests('a', 8);
    const [look, claim, ...renewals] = await contest.requests('a');
    expect([look, claim].map((request) => request?.verb)).toEqual(['get', 'create']);
    expect(new Set(renewals.map(({ verb, code }) => `${verb} ${code}`))).toEqual(
      new Set(['update 200']),
    );
    for (const interval of intervalsMs(renewals)) {
      expect(interval).toBeGreaterThan(900);
      expect(interval).toBeLessThan(1_500);
    }
    expect(a.proxy.connections).toBe(1);
  });

  test('says who it is', async ({ contest }) => {
    const a = await contest.join('a', { command: ['true'] });
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
    const a = await contest.join('a', { kubeconfig, account });
    await a.told('started');
    await contest.deleteLease();
    await a.told('restored');
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    const verbs = recorder.exchanges.map(({ method, status }) => `${method} ${status}`);
    expect(verbs).toEqual([
      'GET 200',
      'PUT 200',
      'PUT 409',
      'GET 404',
      'POST 201',
      'GET 200',
      'PUT 200',
    ]);
    expect(recorder.exchanges.map(({ warning }) => warning).filter(Boolean)).toEqual([]);
  });
});

describe.concurrent('a standby', () => {
  test('looks once a period and up to 20 % more, over one connection', async ({ contest }) => {
    await contest.join('a');
    await contest.nthLife(1);
    const b = await contest.joinThroughProxy('b', { flags: swift });
    await contest.nextRequests('b', 6);
    const looks = await contest.requests('b');
    expect(new Set(looks.map(({ verb, code }) => `${verb} ${code}`))).toEqual(new Set(['get 200']));
    for (const interval of intervalsMs(looks)) {
      expect(interval).toBeGreaterThan(900);
      expect(interval).toBeLessThan(1_700);
    }
    expect(b.proxy.connections).toBe(1);
  });
});
