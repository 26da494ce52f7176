/** What a leader and a standby take, as the kubelet counts it: the requests of examples/ are enough. */
import { expect } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { test } from './support/fixtures.ts';
import { example } from './support/manifest.ts';
import { nodeName } from './support/node.ts';
import { patience, type Story } from './support/story.ts';

interface Summary {
  readonly pods: readonly {
    readonly podRef: { readonly name: string; readonly namespace: string };
    readonly containers?: readonly {
      readonly cpu?: { readonly time: string; readonly usageCoreNanoSeconds?: number };
      readonly memory?: { readonly rssBytes?: number; readonly workingSetBytes?: number };
    }[];
  }[];
}

interface Sample {
  readonly atMs: number;
  readonly cpuMs: number;
  /** Memory of the processes themselves, without any file. */
  readonly ownMiB: number;
  readonly workingSetMiB: number;
}

const MiB = 2 ** 20;

async function sampleOf(story: Story, pod: string): Promise<Sample | undefined> {
  const path = `/api/v1/nodes/${nodeName}/proxy/stats/summary`;
  const { body } = await story.cluster.request<Summary>('GET', path);
  const here = body.pods.find(
    ({ podRef }) => podRef.name === pod && podRef.namespace === story.namespace,
  );
  const { cpu, memory } = here?.containers?.[0] ?? {};
  if (cpu?.usageCoreNanoSeconds === undefined || memory?.rssBytes === undefined) return undefined;
  return {
    atMs: Date.parse(cpu.time),
    cpuMs: cpu.usageCoreNanoSeconds / 1e6,
    ownMiB: memory.rssBytes / MiB,
    workingSetMiB: (memory.workingSetBytes ?? 0) / MiB,
  };
}

/** Two that are a renewal or more apart, as the kubelet looks only now and then. */
async function samplesOf(story: Story, pod: string): Promise<[Sample, Sample]> {
  const first = await until('the kubelet has counted', () => sampleOf(story, pod), patience);
  const second = await until(
    'the kubelet has counted for 15 s',
    async () => {
      const sample = await sampleOf(story, pod);
      return sample && sample.atMs - first.atMs > 15_000 && sample;
    },
    patience,
  );
  return [first, second];
}

test('a leader and a standby need no more memory than they request', async ({ story }) => {
  await story.apply(example('deployment.yaml'));
  await story.rolledOut('worker');
  const leader = await story.leader('worker');
  const standby = await story.standby('worker');
  const pods = { leader, standby };
  for (const [role, pod] of Object.entries(pods)) {
    const [first, second] = await samplesOf(story, pod);
    const share = (second.cpuMs - first.cpuMs) / ((second.atMs - first.atMs) / 1_000);
    const memory = `${second.ownMiB.toFixed(1)} MiB of its own, working set ${second.workingSetMiB.toFixed(1)} MiB`;
    process.stdout.write(`   ${role}: ${memory}, ${share.toFixed(1)} ms of a processor per s\n`);
    expect(second.ownMiB).toBeLessThan(64);
  }
});
