/** The leader cannot act in time, or not at all. What nobody inside the container can prevent is measured, and said. */
import { describe, expect } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { mayOverlap, test } from './support/fixtures.ts';
import { nowMs, type Life } from './support/lives.ts';
import { example } from './support/manifest.ts';
import { cutOff } from './support/network.ts';
import { patience, type Story } from './support/story.ts';

async function worker(story: Story): Promise<string> {
  // A probe that fails would have the kubelet end what is frozen.
  const container = (each: { livenessProbe?: object }): void => {
    delete each.livenessProbe;
  };
  await story.apply(example('deployment.yaml', { container }));
  await story.rolledOut('worker');
  return story.leader('worker');
}

async function endOf(story: Story, { begunMs }: Life): Promise<Life> {
  const lives = await until(
    'the command has ended',
    async () => {
      const same = (await story.lives()).find((each) => each.begunMs === begunMs);
      return same && nowMs() - same.seenMs > 1_000 && same;
    },
    patience,
  );
  return lives;
}

describe('a leader that cannot act', () => {
  test('its container is paused past the lease: thawed, its command is told and ends', async ({
    story,
    cluster: { containerd },
  }) => {
    mayOverlap.add(story);
    const leader = await worker(story);
    const container = await story.containerId(leader);
    const [first] = await story.lives();
    const pausedMs = nowMs();
    await containerd.ctr('tasks', 'pause', container);
    const next = await story.lifeAfter(pausedMs);
    expect(next.pod).not.toBe(leader);
    // Frozen, it did nothing meanwhile.
    const [frozen] = await story.lives();
    expect(frozen!.seenMs).toBeLessThan(next.begunMs);
    const thawedMs = nowMs();
    await containerd.ctr('tasks', 'resume', container);
    const ended = await endOf(story, first!);
    const remainder = Math.max(0, ended.seenMs - thawedMs).toFixed(0);
    process.stdout.write(`   worked on for at most ${remainder} ms after it was thawed\n`);
    const lives = await story.lives();
    expect(lives.filter(({ begunMs }) => begunMs > pausedMs)).toHaveLength(1);
  });

  test('its wrapper is stopped: the guard ends the command before the lease does', async ({
    story,
  }) => {
    const leader = await worker(story);
    const { wrapper } = await story.family(leader);
    const stoppedMs = nowMs();
    process.kill(wrapper.pid, 'SIGSTOP');
    const next = await story.lifeAfter(stoppedMs);
    expect(next.pod).not.toBe(leader);
    process.kill(wrapper.pid, 'SIGCONT');
    await until(
      'it stands by again',
      async () => (await story.pod(leader)).status.containerStatuses?.[0]?.ready,
      patience,
    );
  });

  test('its pod is cut off: it stops its command before another leads', async ({ story }) => {
    const leader = await worker(story);
    const { status } = await story.pod(leader);
    const cutMs = nowMs();
    const mend = await cutOff(status.podIP ?? '');
    const next = await story.lifeAfter(cutMs);
    await mend();
    expect(next.pod).not.toBe(leader);
    const [first] = await story.lives();
    // Told, not killed: it had the time.
    expect(first!.toldMs).toBeDefined();
  });
});
