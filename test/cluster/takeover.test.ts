/**
 * `--takeover-on-exit` on a real API server. There is no kubelet, so the test takes its part, and the leader's: it writes
 * the Lease of a leader that has died, and the status of its Pod. The lease is so long that nothing else can end it.
 */
import { describe, expect } from 'vitest';
import type { PolicyRule } from '../support/control-plane.ts';
import { lineOf } from '../../src/takeover/certificate.ts';
import { leaseRules } from './support/accounts.ts';
import type { Candidate } from './support/candidate.ts';
import { unhurried, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { podsIn } from './support/pods.ts';
import { until } from './support/until.ts';

const mark = 'b1f7c1de-8c1a-4a55-9b6e-0d8a6f3c5e21';
const acquireTime = '2026-11-29T09:00:00.000001Z';
const leader = 'web-0_of-another-machine';
const rules: PolicyRule[] = [
  ...leaseRules('get', 'create', 'update', 'watch'),
  { apiGroups: [''], resources: ['pods'], verbs: ['watch'] },
];

interface Stage {
  readonly standby: Candidate;
  readonly uid: string;
  /** As the kubelet does. */
  readonly report: (state: object, lastState?: object) => Promise<void>;
}

/** A leader in the Pod `web-0`, container `worker`, and one that stands by and watches both. */
async function stage(contest: Contest, home: object = {}, account = rules): Promise<Stage> {
  const { controlPlane, namespace } = contest;
  const pods = await podsIn(contest, 'role');
  await pods.create('web-0');
  const { metadata } = await pods.read('web-0');
  pods.close();
  const uid = metadata?.uid ?? '';
  const place = { namespace, pod: 'web-0', uid, container: 'worker', mark, ...home };
  const said = { holderIdentity: leader, acquireTime, ...place };
  const renewTime = acquireTime;
  await contest.createLease(
    {
      holderIdentity: leader,
      leaseDurationSeconds: 600,
      acquireTime,
      renewTime,
      leaseTransitions: 3,
    },
    { annotations: { 'k8s-leader.dev/container': JSON.stringify(said) } },
  );
  const flags = [...unhurried, '--takeover-on-exit'];
  const standby = await contest.join('b', { flags, account: await contest.account('b', account) });
  await standby.told('standing-by');
  const path = `/api/v1/namespaces/${namespace}/pods/web-0/status`;
  return {
    standby,
    uid,
    report: async (state, lastState = {}) => {
      const status = { name: 'worker', image: 'x', imageID: 'x', ready: false, restartCount: 0 };
      const containerStatuses = [{ ...status, state, lastState }];
      const answer = await controlPlane.request('PATCH', path, { status: { containerStatuses } });
      if (answer.status >= 300) throw new Error(`the status: ${answer.status}`);
    },
  };
}

const terminated = (message: string) => ({ terminated: { exitCode: 137, message } });
const certificate = terminated(`CMD was busy\n${lineOf(mark)}\n`);
const running = { running: { startedAt: '2026-11-29T09:01:00Z' } };

async function podWatches(contest: Contest): Promise<number> {
  const asked = await contest.requests('b');
  return asked.filter(({ verb, resource }) => verb === 'watch' && resource === 'pods').length;
}

/** It has had the time to see what there is to see: its watch shows what came after, too. */
async function leadsNot(contest: Contest, { standby }: Stage): Promise<void> {
  await until('a watch on the Pod', () => podWatches(contest));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(standby.log.map(({ event }) => event)).not.toContain('elected');
  expect((await contest.lease())?.spec.holderIdentity).toBe(leader);
}

describe.concurrent('a standby claims at once', () => {
  test.for<[string, object, object | undefined]>([
    ['the container has ended', certificate, undefined],
    ['the container has been restarted', running, certificate],
  ])('when %s', async ([, state, lastState], { contest }) => {
    const here = await stage(contest);
    await here.report(running);
    await here.report(state, lastState);
    await here.standby.told('holder-dead');
    await here.standby.told('elected');
    const { spec, metadata } = (await contest.lease())!;
    expect(spec.holderIdentity).not.toBe(leader);
    expect(spec.leaseTransitions).toBe(4);
    expect(JSON.stringify(metadata)).not.toContain(mark);
  });

  test('when it starts after the certificate was given', async ({ contest }) => {
    const here = await stage(contest);
    await here.report(certificate);
    await here.standby.told('elected');
  });
});

describe.concurrent('a standby waits', () => {
  test.for<[string, object, (uid: string) => object]>([
    [
      'the Pod is another of that name',
      { uid: 'b1f7c1de-0000-0000-0000-000000000000' },
      () => certificate,
    ],
    ['the message lacks the mark', {}, () => terminated('CMD has overwritten it')],
    ['the mark is that of another process', {}, () => terminated(lineOf('another'))],
    ['the container has not ended', {}, () => running],
    ['another container has ended', { container: 'sidecar' }, () => certificate],
    [
      'the record is of another term',
      { acquireTime: '2026-11-29T08:00:00.000001Z' },
      () => certificate,
    ],
  ])('when %s', async ([title, home, state], { contest }) => {
    const here = await stage(contest, home);
    await here.report(state(here.uid));
    if (title.includes('term')) await new Promise((resolve) => setTimeout(resolve, 2_000));
    else await leadsNot(contest, here);
    expect((await contest.lease())?.spec.holderIdentity).toBe(leader);
  });

  test('when the Pod has failed, and then is deleted by force', async ({ contest }) => {
    const here = await stage(contest);
    const { controlPlane, namespace } = contest;
    const path = `/api/v1/namespaces/${namespace}/pods/web-0`;
    await controlPlane.request('PATCH', `${path}/status`, {
      status: { phase: 'Failed', reason: 'NodeLost' },
    });
    await controlPlane.request('DELETE', `${path}?gracePeriodSeconds=0`);
    await leadsNot(contest, here);
  });

  test('and says so, when it must not watch Pods', async ({ contest }) => {
    const here = await stage(contest, {}, leaseRules('get', 'create', 'update', 'watch'));
    await here.report(certificate);
    await until('a warning', () =>
      here.standby.log.some(({ message }) => message.startsWith("cannot watch the leader's Pod")),
    );
    expect((await contest.lease())?.spec.holderIdentity).toBe(leader);
  });
});
