/** A leader is told to go: the next one takes over at once, and the commands never meet. */
import { describe, expect } from 'vitest';
import { test } from './support/fixtures.ts';
import { nowMs } from './support/lives.ts';
import { example } from './support/manifest.ts';
import type { Story } from './support/story.ts';

/** How often a Deployment is updated: UPDATES is for figures. */
const updates = Number(process.env['UPDATES'] ?? 1);

/** Resolves with the name of the leading pod. */
async function worker(story: Story, change: Parameters<typeof example>[1] = {}): Promise<string> {
  await story.apply(example('deployment.yaml', change));
  await story.rolledOut('worker');
  return story.leader('worker');
}

describe('a worker with a standby', () => {
  test('the leading pod is deleted', async ({ story }) => {
    const leader = await worker(story);
    await story.succeeded(leader);
    const [first] = await story.lives();
    expect(first).toMatchObject({ pod: leader, endedMs: expect.any(Number) as number });
    await story.rolledOut('worker');
  });

  test.for([
    { replicas: 3, surge: 1 },
    { replicas: 3, surge: '100%' },
  ])('a rolling update of $replicas replicas with a surge of $surge', async (how, { story }) => {
    const { replicas, surge } = how;
    const strategy = { rollingUpdate: { maxUnavailable: 0, maxSurge: surge } };
    await worker(story, { replicas, strategy });
    for (let round = 0; round < updates; round += 1) {
      const before = (await story.pods('worker')).map(({ metadata }) => metadata.name);
      const updatedMs = nowMs();
      await story.kubectl('rollout', 'restart', 'deployment/worker');
      await story.rolledOut('worker');
      for (const gone of before)
        await story.kubectl('wait', '--for=delete', `pod/${gone}`, '--timeout=150s');
      expect(before).not.toContain(await story.leader('worker'));
      const since = (await story.lives()).filter(({ begunMs }) => begunMs > updatedMs);
      // Each old pod can lead at most once more before it is told to go, too.
      expect(since.length).toBeGreaterThanOrEqual(1);
      expect(since.length).toBeLessThanOrEqual(replicas);
      process.stdout.write(`   ${String(since.length)} hand-overs\n`);
    }
    for (const over of (await story.lives()).slice(0, -1)) expect(over.endedMs).toBeDefined();
  });

  test('the leader is asked to step down', async ({ story }) => {
    const leader = await worker(story);
    const askedMs = nowMs();
    await story.kubectl('exec', leader, '--', 'k8s-leader', 'step-down', '--lock=worker');
    const next = await story.lifeAfter(askedMs);
    expect(next.pod).not.toBe(leader);
    // It stands by again, in the same container.
    expect((await story.pod(leader)).status.containerStatuses?.[0]?.restartCount).toBe(0);
  });

  test('a preStop hook lets the command work on for its time', async ({ story }) => {
    const leader = await worker(story, {
      grace: 45,
      container: (container) => {
        container.lifecycle = { preStop: { sleep: { seconds: 5 } } };
      },
    });
    const deletedMs = nowMs();
    await story.succeeded(leader);
    const [first] = await story.lives();
    expect(first!.toldMs! - deletedMs).toBeGreaterThan(4_900);
  });
});
