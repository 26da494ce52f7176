/**
 * Figures, side by side with the plain wrapper made with client-go, in the same image and the same pods: both without
 * probes, as that one answers none. Only with COMPARE=1; ROUNDS of each.
 */
import { afterAll, expect } from 'vitest';
import { comparison, type Figure } from '../../bench/table.ts';
import { until } from '../cluster/support/until.ts';
import { pass } from './support/cluster.ts';
import { test as base } from './support/fixtures.ts';
import { nowMs, overlaps } from './support/lives.ts';
import { example, type Container } from './support/manifest.ts';
import { patience, Story } from './support/story.ts';
import { usageOf, type Usage } from './support/usage.ts';

const rounds = Number(process.env['ROUNDS'] ?? 8);

/** What both do by default is the same: 15 s, 10 s, 2 s. */
const wrappers = {
  ours: ['k8s-leader', 'run', '--lock=worker', '--stop-timeout=25s', '--on-lost=rejoin'],
  theirs: ['client-go', '--name=worker', '--namespace=$(POD_NAMESPACE)'],
} as const;
type Side = keyof typeof wrappers;
const sides = ['ours', 'theirs'] as const;

const figures: Figure[] = [];
afterAll(() => {
  process.stdout.write(`\n${comparison(figures)}\n`);
});

let opened = 0;

const test = base.extend<{ stories: Readonly<Record<Side, Story>> }>({
  async stories({ cluster }, use) {
    opened += 1;
    const open = (side: Side): Promise<Story> => Story.open(cluster, `${side}-${String(opened)}`);
    const stories = { ours: await open('ours'), theirs: await open('theirs') };
    await use(stories);
    for (const story of Object.values(stories)) {
      expect(overlaps(await story.lives())).toEqual([]);
      await story.close();
    }
  },
});

interface Form {
  readonly replicas?: number;
  readonly command?: readonly string[];
  /** Words in front of all. */
  readonly first?: readonly string[];
}

async function deploy(
  stories: Readonly<Record<Side, Story>>,
  { replicas = 2, command = ['./worker'], first = [] }: Form = {},
): Promise<void> {
  for (const side of sides) {
    const container = (it: Container): void => {
      it.command = [...first, 'tini', '--', ...wrappers[side], '--', ...command];
      delete it.startupProbe;
      delete it.livenessProbe;
      delete it.readinessProbe;
    };
    await stories[side].apply(example('deployment.yaml', { replicas, container }));
    await stories[side].rolledOut('worker');
  }
}

/** Longer than any period, and at no particular moment of it. */
const aWhile = (): Promise<void> => pass(3_000 + Math.random() * 2_000);

/** From the last stamp of the leader's command to the first of the next one, maybe in the same pod, started again. */
async function succession(story: Story, end: (leader: string) => Promise<void>): Promise<number> {
  const leader = await story.leader('worker');
  await aWhile();
  const begunMs = nowMs();
  await end(leader);
  const next = await story.lifeAfter(begunMs);
  const before = (await story.lives()).filter((life) => life.begunMs < next.begunMs);
  // What crashes often is started late.
  await story.kubectl('delete', 'pod', leader, '--ignore-not-found');
  await story.rolledOut('worker');
  return next.begunMs - Math.max(...before.map(({ seenMs }) => seenMs));
}

test('hand-over', { timeout: 1_800_000 }, async ({ stories }) => {
  await deploy(stories);
  const gaps: Record<Side, number[]> = { ours: [], theirs: [] };
  for (let round = 0; round < rounds; round += 1)
    for (const side of sides) {
      const story = stories[side];
      gaps[side].push(await succession(story, (leader) => story.deletePod(leader)));
    }
  figures.push({ what: 'leading pod deleted: end of command → next one, ms', ...gaps });
});

test('takeover', { timeout: 1_800_000 }, async ({ stories }) => {
  await deploy(stories);
  const gaps: Record<Side, number[]> = { ours: [], theirs: [] };
  const kill = async (story: Story): Promise<number> =>
    succession(story, async (leader) => {
      process.kill((await story.family(leader)).wrapper.pid, 'SIGKILL');
    });
  // Most of it is waiting: both wait at once.
  for (let round = 0; round < rounds; round += 1)
    await Promise.all(sides.map(async (side) => gaps[side].push(await kill(stories[side]))));
  figures.push({ what: 'wrapper killed, lease 15 s: end of command → next one, ms', ...gaps });
});

test('start', { timeout: 1_800_000 }, async ({ stories }) => {
  // A life of a millisecond says when the container begins.
  const first = ['sh', '-c', './worker --for 1; exec "$@"', 'sh'];
  await deploy(stories, { replicas: 1, first });
  const starts: Record<Side, number[]> = { ours: [], theirs: [] };
  const scale = (story: Story, to: number): Promise<string> =>
    story.kubectl('scale', 'deployment/worker', `--replicas=${String(to)}`);
  for (let round = 0; round < rounds; round += 1)
    for (const side of sides) {
      const story = stories[side];
      await story.leader('worker');
      await scale(story, 0);
      const gone = async (): Promise<boolean> => (await story.pods('worker')).length === 0;
      await until('the pod is gone', gone, patience);
      await scale(story, 1);
      await story.leader('worker');
      const [marker, command] = (await story.lives()).slice(-2);
      expect(command!.pod).toBe(marker!.pod);
      starts[side].push(command!.begunMs - marker!.seenMs);
    }
  figures.push({ what: 'container’s exec → command, Lease free, ms', ...starts });
});

test('memory and processor', { timeout: 1_800_000 }, async ({ stories }) => {
  // A command that takes nothing itself.
  await deploy(stories, { command: ['sleep', 'infinity'] });
  const roles = ['leader', 'standby'] as const;
  const podOf = async (story: Story, role: (typeof roles)[number]): Promise<string> => {
    const leader = await until('somebody leads', () => story.holder('worker'), patience);
    return role === 'leader' ? leader : story.standby('worker');
  };
  const usages = await Promise.all(
    sides.map((side) =>
      Promise.all(
        roles.map(async (role) => usageOf(stories[side], await podOf(stories[side], role), 60_000)),
      ),
    ),
  );
  for (const [index, role] of roles.entries()) {
    const row = (what: string, of: (usage: Usage) => number): void => {
      const [ours = [], theirs = []] = usages.map((both) => [of(both[index]!)]);
      figures.push({ what: `${role}: ${what}`, ours, theirs, digits: 1 });
    };
    row('memory of its own, MiB', ({ ownMiB }) => ownMiB);
    row('working set, MiB', ({ workingSetMiB }) => workingSetMiB);
    row('processor, ms a second', ({ cpuMs }) => cpuMs);
  }
});
