/** A server of the cluster is away for a while. */
import { describe, expect } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { nodeReady } from './support/cluster.ts';
import { test } from './support/fixtures.ts';
import { nowMs } from './support/lives.ts';
import { example } from './support/manifest.ts';
import { patience, type Story } from './support/story.ts';

async function worker(story: Story): Promise<string> {
  await story.apply(example('deployment.yaml'));
  await story.rolledOut('worker');
  return story.leader('worker');
}

describe('while it is away', () => {
  test('the kubelet: the leader works on, and can hand over', async ({ story, cluster }) => {
    const leader = await worker(story);
    const standby = await story.standby('worker');
    await cluster.kubelet.stop('SIGTERM');
    try {
      const { wrapper } = await story.family(leader);
      const toldMs = nowMs();
      // Nobody starts a container again now.
      process.kill(wrapper.pid, 'SIGTERM');
      const next = await story.lifeAfter(toldMs);
      expect(next.pod).toBe(standby);
    } finally {
      await cluster.kubelet.start();
    }
    await nodeReady(cluster.request);
    await story.restarted(leader);
    await story.rolledOut('worker');
    const last = (await story.lives()).at(-1)!;
    expect(last.pod).toBe(standby);
  });

  test('the API server: the command is stopped in time, and works again afterwards', async ({
    story,
    cluster,
  }) => {
    await worker(story);
    await cluster.apiserver.stop();
    try {
      await until(
        'the command was told to stop',
        async () => (await story.lives())[0]?.endedMs,
        patience,
      );
    } finally {
      await cluster.apiserver.start();
    }
    const next = await until('it works again', async () => (await story.lives())[1], patience);
    expect(next.token).toBeGreaterThan((await story.lives())[0]!.token);
    await nodeReady(cluster.request);
    await story.rolledOut('worker');
  });
});
