/**
 * `--takeover-on-exit`, with the certificate of a real kubelet and a lease of two minutes. Who begins long before it has run
 * out has read the certificate. takeover-not.test.ts has what must not certify. ROUNDS repeats all of it, for figures.
 */
import { describe, expect } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { nodeReady, pass } from './support/cluster.ts';
import { inmates, startedMs } from './support/containerd.ts';
import { test } from './support/fixtures.ts';
import { median, nowMs, type Life } from './support/lives.ts';
import { example, type Change } from './support/manifest.ts';
import { patience, type Story } from './support/story.ts';
import { anyMoment, isForFigures, rounds, worker, wrapperKilled } from './support/takeover.ts';

/** Without the certificate it takes 100 s at least, as the leader renews every 20 s. */
const muchLessThanTheLeaseMs = 60_000;

/** With a lease of 15 s the command would be stopped after 10 s. */
const awayMs = isForFigures ? 90_000 : 20_000;

/** The wrapper is not the first process of its container. */
const withInit: Change['container'] = (container) => {
  container.command = ['sh', '-c', '"$@"; exit $?', 'sh', ...(container.command ?? [])];
};

const kinds = new Map<string, number[]>();

function tell(kind: string, ms: number): void {
  const all = kinds.get(kind) ?? [];
  all.push(ms);
  kinds.set(kind, all);
  const [middle, least, most] = [median(all), Math.min(...all), Math.max(...all)].map(whole);
  process.stdout.write(
    `   ${kind}: ${whole(ms)} ms; ${String(all.length)} so far, median ${middle!} ms (${least!} to ${most!})\n`,
  );
}

const whole = (ms: number): string => ms.toFixed(0);

interface Takeover {
  readonly first: Life;
  readonly next: Life;
}

/** Waits for the next command, which began long before the lease could have run out. */
async function takenOver(story: Story, kind: string): Promise<Takeover> {
  const [first, next] = await until(
    'another command has begun',
    async () => {
      const lives = await story.lives();
      return lives.length > 1 && lives;
    },
    patience,
  );
  // Nothing was released: it was killed.
  expect(first!.endedMs).toBeUndefined();
  const afterMs = next!.begunMs - first!.seenMs;
  expect(afterMs).toBeLessThan(muchLessThanTheLeaseMs);
  tell(kind, afterMs);
  return { first: first!, next: next! };
}

describe('long before the lease has run out another command begins, when', () => {
  test.for(rounds)('the wrapper is killed, round %i', async (_, { story }) => {
    await wrapperKilled(story, await worker(story, { container: withInit }));
    await takenOver(story, 'the wrapper below an init is killed');
  });

  test.for(rounds)('the wrapper is PID 1 and is killed, round %i', async (_, { story }) => {
    await wrapperKilled(story, await worker(story));
    await takenOver(story, 'the wrapper as PID 1 is killed');
  });

  test.for(rounds)('the only container is started again, round %i', async (_, { story }) => {
    const leader = await worker(story, { replicas: 1 });
    await wrapperKilled(story, leader);
    const { first, next } = await takenOver(story, 'the only container is started again');
    expect(next.pod).toBe(leader);
    await story.restarted(leader);
    const { wrapper } = await story.family(leader);
    const begunMs = await startedMs(wrapper.pid);
    tell('   of that, until the kubelet has started it', begunMs - first.seenMs);
    tell('   of that, ours', next.begunMs - begunMs);
  });

  test.for(rounds)('everything in the container is killed, round %i', async (_, { story }) => {
    const leader = await worker(story);
    const { containerd } = story.cluster;
    const id = await story.containerId(leader);
    await anyMoment();
    await containerd.ctr('tasks', 'kill', '-s', 'SIGKILL', id);
    await takenOver(story, 'everything in the container is killed');
  });

  test.for(rounds)('the memory is used up, round %i', async (_, { story }) => {
    // Many small ones, so that the kernel chooses the wrapper.
    const eaters = 'for i in $(seq 40); do STAMPS=/none ./worker --eat 4 & done';
    const leader = await worker(story, {
      limits: { memory: '128Mi' },
      command: ['sh', '-c', `${eaters}; exec ./worker`],
    });
    await takenOver(story, 'the memory is used up');
    expect(await story.restarted(leader)).toMatchObject({ exitCode: 137 });
  });

  test.for(rounds)(
    'the pod is evicted with no time to hand over, round %i',
    async (_, { story }) => {
      const leader = await worker(story, { grace: 1, command: ['./worker', '--ignore-term'] });
      const path = `/api/v1/namespaces/${story.namespace}/pods/${leader}/eviction`;
      const metadata = { name: leader, namespace: story.namespace };
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata };
      // Until it has counted both pods, the budget allows nothing.
      await until(
        'it is evicted',
        async () => (await story.cluster.request('POST', path, eviction)).status === 201,
        patience,
      );
      const { next } = await takenOver(story, 'the pod is evicted');
      expect(next.pod).not.toBe(leader);
    },
  );
});

test.for(isForFigures ? rounds : [])(
  'for comparison: a container without us is killed and started again, round %i',
  async (_, { story }) => {
    const container: Change['container'] = (each) => {
      each.command = ['./worker'];
      delete each.livenessProbe;
      delete each.readinessProbe;
      delete each.startupProbe;
    };
    await story.apply(example('deployment.yaml', { replicas: 1, container }));
    await story.rolledOut('worker');
    const { pod } = await story.lifeAfter(0);
    const [only] = await inmates(story.cluster.containerd, await story.containerId(pod));
    await anyMoment();
    process.kill(only!.pid, 'SIGKILL');
    await takenOver(story, 'a container without us is started again');
  },
);

test('the kubelet is away when the wrapper is killed: another begins once it tells', async ({
  story,
  cluster,
}) => {
  const leader = await worker(story);
  await cluster.kubelet.stop();
  try {
    await wrapperKilled(story, leader);
    await pass(5_000);
    expect(await story.lives()).toHaveLength(1);
  } finally {
    await cluster.kubelet.start();
  }
  await takenOver(story, 'the kubelet tells late');
  await nodeReady(cluster.request);
});

test('the API server is away for longer than a usual lease: the command works on', async ({
  story,
  cluster,
}) => {
  const leader = await worker(story);
  await cluster.apiserver.stop();
  try {
    await pass(awayMs);
  } finally {
    await cluster.apiserver.start();
  }
  await nodeReady(cluster.request);
  const backMs = nowMs();
  await until('it works on', async () => (await story.lives())[0]!.seenMs > backMs, patience);
  expect(await story.holder('worker')).toBe(leader);
  expect(await story.lives()).toHaveLength(1);
});
