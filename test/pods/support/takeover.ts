/** What the stories about `--takeover-on-exit` share: candidates with a lease of two minutes, and what becomes of them. */
import { expect } from 'vitest';
import { rulesFrom } from '../../../src/commands/rbac.ts';
import { needsOf } from '../../../src/commands/permissions.ts';
import { until } from '../../cluster/support/until.ts';
import { pass } from './cluster.ts';
import { unforgiven } from './fixtures.ts';
import { example, type Change } from './manifest.ts';
import { patience, type Story } from './story.ts';

/** ROUNDS repeats the stories, for figures. */
export const isForFigures = Boolean(process.env['ROUNDS']);
export const rounds = Array.from(
  { length: Number(process.env['ROUNDS'] ?? 1) },
  (_, index) => index + 1,
);

const optionsWith = (lease: string, deadline: string): string[] => [
  ...['--takeover-on-exit', `--lease-duration=${lease}`, `--renew-deadline=${deadline}`],
  ...['--retry-period=20s', '--request-timeout=10s'],
];
/** As docs/deployment.md has them. */
const options = optionsWith('120s', '110s');
/** For what takes longer. */
export const veryLong = optionsWith('600s', '500s');
/** The kubelet has told everything long before. */
const noticedMs = isForFigures ? 30_000 : 15_000;

/** Resolves with the name of the leading pod, once its Lease says in which container it runs. */
export async function worker(story: Story, change: Change = {}): Promise<string> {
  const needs = { lock: 'worker', lockKind: 'lease', events: true, podLabel: false } as const;
  const rules = rulesFrom(needsOf({ ...needs, takeoverOnExit: true }));
  const objects = example('deployment.yaml', { options, ...change });
  await story.apply(
    objects.map((object) => (object.kind === 'Role' ? { ...object, rules } : object)),
  );
  await story.rolledOut('worker');
  const leader = await story.leader('worker');
  if (change.pod === undefined) await home(story);
  return leader;
}

/** What the Lease says of the leader's container. */
export async function home({ namespace, cluster }: Story): Promise<Record<string, string>> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/worker`;
  const text = await until(
    'the Lease names the container',
    async () => {
      const { metadata } = (await cluster.request('GET', path)).body;
      return metadata?.annotations?.['k8s-leader.dev/container'];
    },
    patience,
  );
  return JSON.parse(text) as Record<string, string>;
}

/** The kubelet looks once a second, and a crash comes at any moment of it. */
export const anyMoment = (): Promise<void> => pass(1_000 * Math.random());

export async function wrapperKilled(story: Story, leader: string): Promise<void> {
  const { wrapper } = await story.family(leader);
  await anyMoment();
  process.kill(wrapper.pid, 'SIGKILL');
}

/** Whatever has happened by now, nobody begins because of it. */
export async function nobodyBegins(story: Story, withinMs = noticedMs): Promise<void> {
  const before = await story.lives();
  expect(before).toHaveLength(1);
  await pass(withinMs);
  const lives = await story.lives();
  if (lives.length > 1) unforgiven(`${story.namespace}: another has begun before the lease's end`);
  expect(lives).toHaveLength(1);
}
