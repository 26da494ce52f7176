/** The Kustomize components on a real node, in front of an image that has nothing of k8s-leader. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { test } from './support/fixtures.ts';
import { project } from './support/manifest.ts';
import { patience } from './support/story.ts';

test('examples/kustomize as it is: one of two works, and the next one after it', async ({
  story,
}) => {
  await story.kubectl('apply', '-k', join(project, 'examples/kustomize'));
  await story.rolledOut('worker');
  const works = (leader: string) => async (): Promise<boolean> =>
    (await story.kubectl('logs', leader, '-c', 'worker')).includes('works');
  const leader = await until('somebody leads', () => story.holder('worker-leader'), patience);
  await until('it works', works(leader), patience);
  await story.deletePod(leader);
  const next = await until(
    'another one leads',
    async () => {
      const holder = await story.holder('worker-leader');
      return holder !== leader && holder;
    },
    patience,
  );
  await until('it works', works(next), patience);
  expect((await story.pods('worker')).map(({ metadata }) => metadata.name)).toContain(next);
});
