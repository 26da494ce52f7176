/** What docs/kustomize.md shows is what Kustomize takes, and what comes of it fits together. */
import { basename } from 'node:path';
import { loadYaml } from '@kubernetes/client-node/dist/yaml.js';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { blocksOf, textOf } from '../docs/support/pages.ts';
import { containerOf, deploymentIn, podSpecIn, type Rendered } from '../kustomize/deployment.ts';
import { optionsIn, slackMsOf } from '../kustomize/invocation.ts';
import { kustomize } from '../kustomize/kustomize.ts';
import { made } from '../kustomize/made.ts';

beforeAll(kustomize);

interface Shown {
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
}

const blocks = blocksOf(textOf('docs/kustomize.md'))
  .filter(({ language }) => language === 'yaml')
  .map(({ lines }) => lines.join('\n'));

/** What a block makes of the plain Deployment: in a kustomization with our components, unless it lists them itself. */
async function outcomeOf(yaml: string): Promise<Rendered[]> {
  const { components, resources, ...also } = loadYaml<Shown>(yaml);
  expect(resources ?? ['deployment.yaml']).toEqual(['deployment.yaml']);
  return made({
    ...(components && { components: components.map((path) => basename(path)) }),
    also,
  });
}

const granted = (objects: readonly Rendered[]) =>
  objects.flatMap(({ rules = [] }) => rules.flatMap(({ resourceNames = [] }) => resourceNames));

it('there are some', () => {
  expect(blocks).toHaveLength(4);
});

describe('the outcome', () => {
  test.each(blocks.map((yaml, index) => [index + 1, yaml] as const))(
    'of kustomization %i: the permissions are for the lock, and there is time to hand over',
    async (_, yaml) => {
      const objects = await outcomeOf(yaml);
      expect(granted(objects)).toEqual([optionsIn(objects).lock]);
      expect(slackMsOf(objects)).toBeGreaterThanOrEqual(7_000);
      expect(await made()).not.toEqual(objects);
    },
  );
});

test('each does what the page says', async () => {
  const [start, rolling, slow, named] = await Promise.all(blocks.map(outcomeOf));
  const [install] = podSpecIn(start!).initContainers ?? [];
  expect(install?.image).toBe('registry.internal/k8s-leader:0.1');
  expect(deploymentIn(start!).spec.replicas).toBe(2);
  expect(deploymentIn(rolling!).spec.strategy).toEqual({
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
  });
  expect(optionsIn(slow!).stopTimeoutMs).toBe(120_000);
  expect(granted(named!)).toEqual(['mail']);
  expect(containerOf(slow!).env).toContainEqual({ name: 'QUEUE_URL', value: 'amqp://queue' });
});
