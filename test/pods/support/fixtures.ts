/** One cluster for all files, and a story a test: in the end no two commands of it have lived at the same time. */
import { expect, test as base } from 'vitest';
import { startCluster, type Cluster } from './cluster.ts';
import { gapsMs, overlaps } from './lives.ts';
import { Story } from './story.ts';

interface Fixtures {
  readonly cluster: Cluster;
  readonly story: Story;
  /** For a test that has several at the same time. */
  readonly openStory: () => Promise<Story>;
}

let stories = 0;
/** Whoever tries again must not forget it. */
const everMet: unknown[] = [];

/** Fails this story and all that follow, also those that are tried again. */
export function unforgiven(what: string): void {
  everMet.push(what);
}

/** For a story whose point is that two lived at once: it says by itself what is allowed. */
export const mayOverlap = new WeakSet<Story>();

export const test = base.extend<Fixtures>({
  cluster: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      await use(await startCluster());
    },
    { scope: 'worker' },
  ],
  openStory: async ({ cluster, task }, use) => {
    const open: Story[] = [];
    const begun = performance.now();
    await use(async () => {
      stories += 1;
      const story = await Story.open(cluster, `story-${String(stories)}`);
      open.push(story);
      return story;
    });
    const hasFailed = (task.result?.errors ?? []).length > 0;
    for (const story of open) await end(story, { name: task.name, begun, hasFailed });
    expect(everMet).toEqual([]);
  },
  story: async ({ openStory }, use) => {
    await use(await openStory());
  },
});

async function end(
  story: Story,
  { name, begun, hasFailed }: { name: string; begun: number; hasFailed: boolean },
): Promise<void> {
  const lives = await story.lives();
  say(name, begun, gapsMs(lives));
  const met = mayOverlap.has(story) ? [] : overlaps(lives);
  everMet.push(...met);
  if (met.length > 0 || hasFailed) process.stderr.write(`\n${name}\n${await story.told()}\n`);
  await story.close();
}

function say(name: string, begun: number, gaps: readonly number[]): void {
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
  const times = gaps.map((gap) => gap.toFixed(0)).join(', ');
  process.stdout.write(`   ${seconds} s, ms between commands: ${times || 'none'} · ${name}\n`);
}
