/**
 * `--takeover-on-exit`, with the certificate of a real kubelet and a lease of two minutes. Who begins long before it has run
 * out has read the certificate. ROUNDS repeats what takes over, for figures.
 */
import { describe, expect } from 'vitest';
import { rulesFrom } from '../../src/commands/rbac.ts';
import { needsOf } from '../../src/commands/permissions.ts';
import { until } from '../cluster/support/until.ts';
import { nodeReady, pass } from './support/cluster.ts';
import { test } from './support/fixtures.ts';
import { median, nowMs, type Life } from './support/lives.ts';
import { example, type Change, type Container } from './support/manifest.ts';
import { patience, type Story } from './support/story.ts';

const rounds = Array.from({ length: Number(process.env['ROUNDS'] ?? 1) }, (_, index) => index + 1);

/** As docs/deployment.md has them. */
const options = [
  ...['--takeover-on-exit', '--lease-duration=120s', '--renew-deadline=110s'],
  ...['--retry-period=20s', '--request-timeout=10s'],
];
/** Without the certificate it takes 100 s at least, as the leader renews every 20 s. */
const muchLessThanTheLeaseMs = 60_000;
/** The kubelet has told everything long before. */
const noticedMs = 15_000;

/** With 15 s the command would be stopped after 10 s. */
const awayMs = process.env['ROUNDS'] ? 90_000 : 20_000;

/** The wrapper is the first process of its container. */
const withoutInit: Change['container'] = (container) => {
  const words = container.command ?? [];
  container.command = words.slice(words.indexOf('k8s-leader'));
};

/** Resolves with the name of the leading pod, once its Lease says in which container it runs. */
async function worker(story: Story, change: Change = {}): Promise<string> {
  const needs = { lock: 'worker', lockKind: 'lease', events: true, podLabel: false } as const;
  const rules = rulesFrom(needsOf({ ...needs, takeoverOnExit: true }));
  const objects = example('deployment.yaml', { options, ...change });
  await story.apply(
    objects.map((object) => (object.kind === 'Role' ? { ...object, rules } : object)),
  );
  await story.rolledOut('worker');
  const leader = await story.leader('worker');
  if (change.pod === undefined) await named(story);
  return leader;
}

async function named({ namespace, cluster }: Story): Promise<void> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/worker`;
  await until(
    'the Lease names the container',
    async () => {
      const { metadata } = (await cluster.request('GET', path)).body;
      return metadata?.annotations?.['k8s-leader.dev/container'];
    },
    patience,
  );
}

const kinds = new Map<string, number[]>();

/** Waits for the next command, which began long before the lease could have run out. */
async function takenOver(story: Story, kind: string): Promise<Life> {
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
  const all = kinds.get(kind) ?? [];
  all.push(afterMs);
  kinds.set(kind, all);
  const figures = [median(all), Math.min(...all), Math.max(...all)].map((ms) => ms.toFixed(0));
  const [middle, least, most] = figures;
  process.stdout.write(
    `   ${kind}: ${afterMs.toFixed(0)} ms; ${String(all.length)} so far, median ${middle!} ms (${least!} to ${most!})\n`,
  );
  return next!;
}

/** Whatever has happened by now, nobody begins because of it. */
async function nobodyBegins(story: Story): Promise<void> {
  const before = await story.lives();
  expect(before).toHaveLength(1);
  await pass(noticedMs);
  expect(await story.lives()).toHaveLength(1);
}

async function wrapperKilled(story: Story, leader: string): Promise<void> {
  const { wrapper } = await story.family(leader);
  process.kill(wrapper.pid, 'SIGKILL');
}

describe('long before the lease has run out another command begins, when', () => {
  test.for(rounds)('the wrapper is killed, round %i', async (_, { story }) => {
    await wrapperKilled(story, await worker(story));
    await takenOver(story, 'the wrapper below tini is killed');
  });

  test.for(rounds)('the wrapper is PID 1 and is killed, round %i', async (_, { story }) => {
    await wrapperKilled(story, await worker(story, { container: withoutInit }));
    await takenOver(story, 'the wrapper as PID 1 is killed');
  });

  test.for(rounds)('the only container is started again, round %i', async (_, { story }) => {
    const leader = await worker(story, { replicas: 1 });
    await wrapperKilled(story, leader);
    const next = await takenOver(story, 'the only container is started again');
    expect(next.pod).toBe(leader);
  });

  test.for(rounds)('everything in the container is killed, round %i', async (_, { story }) => {
    const leader = await worker(story);
    const { containerd } = story.cluster;
    await containerd.ctr('tasks', 'kill', '-s', 'SIGKILL', await story.containerId(leader));
    await takenOver(story, 'everything in the container is killed');
  });

  test.for(rounds)('the memory is used up, round %i', async (_, { story }) => {
    // Many small ones, so that the kernel chooses the wrapper.
    const eaters = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do STAMPS=/none ./worker --eat 14 & done';
    const leader = await worker(story, {
      limits: { memory: '128Mi' },
      command: ['sh', '-c', `${eaters}; exec ./worker`],
      container: withoutInit,
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
      const next = await takenOver(story, 'the pod is evicted');
      expect(next.pod).not.toBe(leader);
    },
  );
});

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

describe('nobody begins early, when', () => {
  test('the command has overwritten the message', async ({ story }) => {
    const command = ['sh', '-c', 'echo busy >/dev/termination-log; exec ./worker'];
    const leader = await worker(story, { command });
    await wrapperKilled(story, leader);
    expect(await story.restarted(leader)).toMatchObject({ exitCode: 137, message: 'busy\n' });
    await nobodyBegins(story);
  });

  test('the pod shares its PID namespace, and says why', async ({ story }) => {
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

  test('the container is paused, and it works on afterwards', async ({
    story,
    cluster: { containerd },
  }) => {
    // A probe that fails would have the kubelet end what is frozen.
    const container = (each: Container): void => {
      delete each.livenessProbe;
    };
    const leader = await worker(story, { container });
    const id = await story.containerId(leader);
    await containerd.ctr('tasks', 'pause', id);
    await nobodyBegins(story);
    const thawedMs = nowMs();
    await containerd.ctr('tasks', 'resume', id);
    await until('it works on', async () => (await story.lives())[0]!.seenMs > thawedMs, patience);
  });

  test('the kubelet is away and the pod is deleted by force', async ({ story, cluster }) => {
    const leader = await worker(story);
    await cluster.kubelet.stop();
    try {
      await story.deletePod(leader, '--force', '--grace-period=0');
      await expect(story.pod(leader)).rejects.toThrow('there is no pod');
      await nobodyBegins(story);
      const [only] = await story.lives();
      expect(nowMs() - only!.seenMs).toBeLessThan(10_000);
    } finally {
      await cluster.kubelet.start();
    }
    await nodeReady(cluster.request);
  });
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
