/**
 * What must not certify a death, with a real kubelet, `--takeover-on-exit` and a lease of two minutes: nobody begins before
 * that has run out. ROUNDS repeats it, several at a time.
 */
import { describe, expect } from 'vitest';
import { lineOf } from '../../src/takeover/certificate.ts';
import { until } from '../cluster/support/until.ts';
import { nodeNotReady, nodeReady, type Cluster } from './support/cluster.ts';
import { test } from './support/fixtures.ts';
import { nowMs } from './support/lives.ts';
import type { Container } from './support/manifest.ts';
import { cutOff } from './support/network.ts';
import { patience, type Story } from './support/story.ts';
import { home, nobodyBegins, rounds, veryLong, worker, wrapperKilled } from './support/takeover.ts';

/** It works on after that moment. */
async function worksOn(story: Story, sinceMs: number): Promise<void> {
  await until('it works on', async () => (await story.lives())[0]!.seenMs > sinceMs, patience);
}

/** A probe that fails would have the kubelet end what is frozen. */
const withoutProbe = (each: Container): void => {
  delete each.livenessProbe;
};

describe.concurrent('nobody begins early, when', () => {
  test.for(rounds)('the command has overwritten the message, round %i', async (_, { story }) => {
    const command = ['sh', '-c', 'echo busy >/dev/termination-log; exec ./worker'];
    const leader = await worker(story, { command });
    await wrapperKilled(story, leader);
    expect(await story.restarted(leader)).toMatchObject({ exitCode: 137, message: 'busy\n' });
    await nobodyBegins(story);
  });

  test.for(rounds)('the pod shares its PID namespace, round %i', async (_, { story }) => {
    const leader = await worker(story, {
      pod: (spec) => {
        spec.shareProcessNamespace = true;
      },
    });
    expect(await story.kubectl('logs', leader)).toContain('its lease must run out: PID 1');
    await wrapperKilled(story, leader);
    expect(await story.restarted(leader)).not.toHaveProperty('message');
    await nobodyBegins(story);
  });

  test.for(rounds)(
    'the container is paused, and it works on afterwards, round %i',
    async (_, { story, cluster: { containerd } }) => {
      const leader = await worker(story, { container: withoutProbe });
      const id = await story.containerId(leader);
      await containerd.ctr('tasks', 'pause', id);
      await nobodyBegins(story);
      const thawedMs = nowMs();
      await containerd.ctr('tasks', 'resume', id);
      await worksOn(story, thawedMs);
    },
  );

  test.for(rounds)(
    'a candidate forges the status of the pod, and must not, round %i',
    async (_, { story }) => {
      const leader = await worker(story);
      const { mark = '', container = '' } = await home(story);
      const terminated = { exitCode: 137, message: `${lineOf(mark)}\n` };
      const status = { containerStatuses: [{ name: container, state: { terminated } }] };
      const said = await story.tryKubectl(
        ...['patch', 'pod', leader, '--subresource=status', '--patch', JSON.stringify({ status })],
        `--token=${(await story.kubectl('create', 'token', 'worker')).trim()}`,
      );
      expect(said).toMatchObject({ status: 1 });
      expect(said.stderr).toMatch(/Forbidden.*pods\/status|pods.*forbidden/is);
      const forgedMs = nowMs();
      await nobodyBegins(story);
      await worksOn(story, forgedMs);
    },
  );
});

/** So many at the same time as the machine takes. */
const atOnce = 5;
const batches = Array.from({ length: Math.ceil(rounds.length / atOnce) }, (_, index) =>
  rounds.slice(index * atOnce, (index + 1) * atOnce),
);

/**
 * What becomes of a leader's Pod while the kubelet is away. Its container lives. Returns how to undo it. The node is missed only
 * after a while, and who is cut off renews nothing meanwhile: hence the longer lease.
 */
type Blow = (story: Story, leader: string) => Promise<() => Promise<void>>;

const nothing = () => Promise.resolve();

const blows: Readonly<Record<string, Blow>> = {
  'the node is not ready': () => Promise.resolve(nothing),
  'the node is lost, and its leader cut off': async (story, leader) =>
    cutOff((await story.pod(leader)).status.podIP ?? ''),
  'the pod is deleted by force': async (story, leader) => {
    await story.deletePod(leader, '--force', '--grace-period=0');
    await expect(story.pod(leader)).rejects.toThrow('there is no pod');
    return nothing;
  },
};

describe('while the kubelet is away, nobody begins early', () => {
  test.for(batches)('rounds %o', async (batch, { cluster, openStory }) => {
    const all = await Promise.all(
      batch.flatMap(() =>
        Object.entries(blows).map(async ([what, blow]) => {
          const story = await openStory();
          return { what, blow, story, leader: await worker(story, { options: veryLong }) };
        }),
      ),
    );
    await away(cluster, async () => {
      const undo = await Promise.all(all.map(({ blow, story, leader }) => blow(story, leader)));
      try {
        await nodeNotReady(cluster.request);
        await Promise.all(all.map(({ story }) => nobodyBegins(story)));
        // They all live, and no Pod was said to have ended.
        const sinceMs = nowMs();
        for (const { story } of all) await worksOn(story, sinceMs);
      } finally {
        for (const each of undo) await each();
      }
    });
    for (const { what } of all) process.stdout.write(`   nobody has begun when ${what}\n`);
  });
});

async function away({ kubelet, request }: Cluster, work: () => Promise<void>): Promise<void> {
  await kubelet.stop();
  try {
    await work();
  } finally {
    await kubelet.start();
  }
  await nodeReady(request);
}
