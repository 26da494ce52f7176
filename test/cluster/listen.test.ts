/** --listen at a real API server: what the metrics count is what the server was asked, and probes follow the server. */
import { describe, expect } from 'vitest';
import { countsIn } from '../observe/samples.ts';
import { probe, probes } from '../process/support/http.ts';
import type { Candidate } from './support/candidate.ts';
import { swift, type Contest } from './support/contest.ts';
import { test, testOn } from './support/fixtures.ts';
import { until } from './support/until.ts';

const flags = [...swift, '--listen', '127.0.0.1:0'];

async function urlOf(candidate: Candidate): Promise<string> {
  const { message } = await candidate.told('listening');
  return message.replace('listening on ', '');
}

const answers = async (url: string, wanted: readonly number[]) =>
  until(`probes ${wanted.join()}`, async () => (await probes(url)).join() === wanted.join());

const metricsOf = async (url: string) => countsIn((await probe(url, '/metrics')).body);

async function updatesOf(contest: Contest, account: string): Promise<number> {
  const asked = await contest.requests(account);
  return asked.filter(({ verb, code }) => verb === 'update' && code === 200).length;
}

describe.concurrent('metrics', () => {
  test('count the renewals that the audit log has', async ({ contest }) => {
    const a = await contest.join('a', { flags });
    const url = await urlOf(a);
    await contest.nthLife(1);
    await contest.nextRequests('a', 6);
    const [before, metrics] = [await updatesOf(contest, 'a'), await metricsOf(url)];
    const after = await updatesOf(contest, 'a');
    const counted = metrics['k8s_leader_renewals_total{result="acknowledged"}'];
    // One may be acknowledged, and not yet written down, or the other way round; a text is good for a moment.
    expect(counted).toBeGreaterThanOrEqual(before - 1);
    expect(counted).toBeLessThanOrEqual(after + 1);
    expect(metrics['k8s_leader_renewal_duration_seconds_count']).toBe(counted);
    expect(metrics).not.toHaveProperty('k8s_leader_renewals_total{result="failed"}');
  });

  test('of a standby count the leaders that it has seen', async ({ contest }) => {
    const a = await contest.join('a', { flags });
    await contest.nthLife(1);
    const b = await contest.join('b', { flags });
    const url = await urlOf(b);
    await b.told('standing-by');
    expect(await metricsOf(url)).not.toHaveProperty('k8s_leader_transitions_seen_total');
    a.signal('SIGTERM');
    await b.told('started');
    await until('the new leader counts itself', async () => {
      const metrics = await metricsOf(url);
      return metrics['k8s_leader_transitions_seen_total'] === 1;
    });
    expect(await metricsOf(url)).toMatchObject({
      k8s_leader_terms_total: 1,
      k8s_leader_command_starts_total: 1,
    });
    expect(await probes(url)).toEqual([200, 200, 200]);
  });
});

/** Its server is killed, so it has one of its own. */
testOn([])('a server that goes and comes back', async ({ contest, controlPlane }) => {
  const rejoin = [...flags, '--on-lost', 'rejoin'];
  const a = await contest.join('a', { flags: rejoin });
  await contest.nthLife(1);
  const b = await contest.join('b', { flags: rejoin });
  const [leader, standby] = [await urlOf(a), await urlOf(b)];
  await answers(leader, [200, 200, 200]);
  await answers(standby, [200, 200, 503]);
  await controlPlane.apiserver.stop();
  await answers(standby, [200, 503, 503]);
  await a.told('lost');
  await answers(leader, [200, 503, 503]);
  await controlPlane.apiserver.start();
  const ready = (url: string) => probe(url, '/readyz').then(({ status }) => status === 200);
  await until('both are ready', async () => (await ready(leader)) && (await ready(standby)));
  await until('one leads', async () => {
    const leading = [await probe(leader, '/leader'), await probe(standby, '/leader')];
    return leading.filter(({ status }) => status === 200).length === 1;
  });
});
