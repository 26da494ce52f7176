/** The budget of examples/deployment.yaml: what may be evicted, and when. */
import { describe, expect } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { test } from './support/fixtures.ts';
import { nowMs } from './support/lives.ts';
import { example } from './support/manifest.ts';
import { nodeName } from './support/node.ts';
import { patience, type Story } from './support/story.ts';

async function evict(story: Story, name: string): Promise<number> {
  const path = `/api/v1/namespaces/${story.namespace}/pods/${name}/eviction`;
  const metadata = { name, namespace: story.namespace };
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata };
  return (await story.cluster.request('POST', path, eviction)).status;
}

describe('with the budget', () => {
  test('the leader is evicted, and the other not with it', async ({ story }) => {
    await story.apply(example('deployment.yaml'));
    await story.rolledOut('worker');
    const leader = await story.leader('worker');
    const standby = await story.standby('worker');
    const evictedMs = nowMs();
    // Until it has counted both pods, the budget allows nothing.
    await until('it is evicted', async () => (await evict(story, leader)) === 201, patience);
    expect(await evict(story, standby)).toBe(429);
    // That one, or its new neighbour, which may be quick.
    const next = await story.lifeAfter(evictedMs);
    expect(next.pod).not.toBe(leader);
    expect((await story.pod(standby)).metadata.deletionTimestamp).toBeUndefined();
  });

  test('a drain of the only node hands over, and leaves the last pod working', async ({
    story,
  }) => {
    await story.apply(example('deployment.yaml', { labels: { drained: story.namespace } }));
    await story.rolledOut('worker');
    const leader = await story.leader('worker');
    const standby = await story.standby('worker');
    try {
      const which = [
        `--pod-selector=drained=${story.namespace}`,
        '--ignore-daemonsets',
        '--timeout=20s',
      ];
      const { status, stderr } = await story.tryKubectl('drain', nodeName, ...which);
      expect(status).toBe(1);
      expect(stderr).toContain('disruption budget');
      const [left, ...none] = (await story.pods('worker')).filter(
        ({ metadata, status: { phase } }) =>
          metadata.deletionTimestamp === undefined && phase === 'Running',
      );
      expect(none).toEqual([]);
      expect([leader, standby]).toContain(left?.metadata.name);
      expect(await story.leader('worker')).toBe(left?.metadata.name);
    } finally {
      await story.kubectl('uncordon', nodeName);
    }
    await story.rolledOut('worker');
  });
});
