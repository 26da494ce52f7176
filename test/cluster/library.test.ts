/** Several electors of one process at the real API server. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  LeaderElector,
  leaseLock,
  openCluster,
  type Lock,
  type LeaderElectorOptions,
  type Term,
} from '../../src/index.ts';
import { startProxy } from '../support/faulty-proxy.ts';
import type { Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { until } from './support/until.ts';

const swift = { leaseDurationMs: 6_000, renewDeadlineMs: 4_000, retryPeriodMs: 1_000 };

async function led(lock: Lock, options: Partial<LeaderElectorOptions> = {}) {
  let renewals = 0;
  const elector = new LeaderElector({
    lock,
    ...swift,
    onEvent: ({ kind }) => {
      if (kind === 'renewal') renewals += 1;
    },
    ...options,
  });
  const campaign = await elector.campaign();
  if (campaign.kind !== 'elected') throw new Error(campaign.kind);
  return {
    elector,
    term: campaign.term,
    get renewals() {
      return renewals;
    },
  };
}

async function clusterBehindProxy(contest: Contest) {
  const proxy = await startProxy(contest.controlPlane.port);
  const { token } = await contest.account(randomUUID());
  const kubeconfig = await contest.controlPlane.kubeconfig({
    user: { token },
    server: proxy.url,
    namespace: contest.namespace,
  });
  const cluster = openCluster({ kubeconfig });
  const close = async () => {
    await cluster.close();
    await proxy.close();
  };
  return { proxy, cluster, close };
}

const release = (leaders: readonly { term: Term }[]) =>
  Promise.all(leaders.map(({ term }) => term.release()));

test('three electors that began together share one connection, and one more each to watch', async ({
  contest,
}) => {
  const { proxy, cluster, close } = await clusterBehindProxy(contest);
  const locks = ['x', 'y', 'z'].map((name) => leaseLock({ name, cluster }));
  const leaders = await Promise.all(locks.map((lock) => led(lock)));
  const haveRenewed = (times: number) =>
    until(`${times} renewals each`, () => leaders.every(({ renewals }) => renewals >= times));
  await haveRenewed(2);
  // Where a handshake or a renewal is slow, others do not wait for it, and what they open is not kept.
  await until('one connection, and three to watch', () => proxy.openConnections === 4);
  const { connections } = proxy;
  await haveRenewed(8);
  // Each alone, they would open two every second; a busy machine is late now and then.
  expect(proxy.connections - connections).toBeLessThanOrEqual(3);
  await release(leaders);
  await close();
});

test('what befalls one elector does not disturb the others', async ({ contest }) => {
  const { cluster, close } = await clusterBehindProxy(contest);
  const lock = leaseLock({ name: 'unlucky', cluster });
  let isSwallowed = false;
  const forEver = new Promise<never>(() => undefined);
  const unlucky = await led({
    read: (how) => (isSwallowed ? forEver : lock.read(how)),
    write: (record, basis, how) => (isSwallowed ? forEver : lock.write(record, basis, how)),
  });
  const others = await Promise.all(['x', 'y'].map((name) => led(leaseLock({ name, cluster }))));
  isSwallowed = true;
  await until('the unlucky one loses', () => unlucky.term.lost.aborted);
  expect(unlucky.term.loss).toEqual({ kind: 'expired' });
  expect(unlucky.elector.isLeader()).toBe(false);
  const before = others.map(({ renewals }) => renewals);
  await delay(3 * swift.retryPeriodMs);
  for (const [index, other] of others.entries()) {
    expect(other.elector.isLeader()).toBe(true);
    expect(other.renewals).toBeGreaterThanOrEqual(before[index]! + 2);
  }
  isSwallowed = false;
  await release([unlucky, ...others]);
  await close();
});

test('a connection that has died silently costs none of them its term', async ({ contest }) => {
  const { proxy, cluster, close } = await clusterBehindProxy(contest);
  const leaders = await Promise.all(
    ['x', 'y', 'z'].map((name) => led(leaseLock({ name, cluster }))),
  );
  await proxy.set('swallow');
  await proxy.heal('drop');
  const before = leaders.map(({ renewals }) => renewals);
  await until('all renew again', () =>
    leaders.every(({ renewals }, index) => renewals > before[index]! + 2),
  );
  expect(leaders.map(({ elector }) => elector.isLeader())).toEqual([true, true, true]);
  await release(leaders);
  await close();
});

test('who is cut off has been told, and its deadline has passed, before another leads', async ({
  contest,
}) => {
  const cutOff = await clusterBehindProxy(contest);
  const a = await led(leaseLock({ name: 'one', cluster: cutOff.cluster }));
  const b = await clusterBehindProxy(contest);
  const elector = new LeaderElector({
    lock: leaseLock({ name: 'one', cluster: b.cluster }),
    ...swift,
  });
  const terms = elector.terms();
  const next = terms.next();
  await until('the other sees the leader', () => elector.getLeader() === a.elector.identity);
  await cutOff.proxy.set('swallow');
  await until('the first is told', () => a.term.lost.aborted);
  const deadline = a.term.deadline();
  expect(elector.isLeader()).toBe(false);
  await next;
  const leadsAt = performance.now();
  process.stderr.write(`leads ${(leadsAt - deadline).toFixed(0)} ms after the deadline\n`);
  expect(leadsAt).toBeGreaterThan(deadline);
  expect(a.elector.isLeader()).toBe(false);
  await cutOff.proxy.heal();
  await a.term.release();
  expect(elector.isLeader()).toBe(true);
  await terms.return();
  await cutOff.close();
  await b.close();
});

test('a cluster that cannot be found is told at once, and never makes anybody lead', async () => {
  const cluster = openCluster({ kubeconfig: '/no/such/file' });
  const elector = new LeaderElector({ lock: leaseLock({ name: 'a', cluster }) });
  await expect(elector.terms().next()).rejects.toMatchObject({
    name: 'LockFault',
    kind: 'unsupported',
    message: expect.stringContaining('/no/such/file') as string,
  });
  expect(elector.isLeader()).toBe(false);
});
