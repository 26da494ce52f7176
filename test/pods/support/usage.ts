/** What the container of a pod takes, as the kubelet counts it. */
import { until } from '../../cluster/support/until.ts';
import { nodeName } from './node.ts';
import { patience, type Story } from './story.ts';

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

async function samplesOf(story: Story, pod: string, forMs: number): Promise<[Sample, Sample]> {
  const first = await until('the kubelet has counted', () => sampleOf(story, pod), patience);
  const second = await until(
    `the kubelet has counted for ${String(forMs)} ms`,
    async () => {
      const sample = await sampleOf(story, pod);
      return sample && sample.atMs - first.atMs > forMs && sample;
    },
    patience,
  );
  return [first, second];
}

export interface Usage {
  /** Memory of the processes themselves, without any file. */
  readonly ownMiB: number;
  readonly workingSetMiB: number;
  /** Of a processor, in a second. */
  readonly cpuMs: number;
}

/** Over so many ms or a little more: two looks of the kubelet, which looks only now and then. */
export async function usageOf(story: Story, pod: string, forMs = 15_000): Promise<Usage> {
  const [first, second] = await samplesOf(story, pod, forMs);
  const cpuMs = (second.cpuMs - first.cpuMs) / ((second.atMs - first.atMs) / 1_000);
  return { ownMiB: second.ownMiB, workingSetMiB: second.workingSetMiB, cpuMs };
}
