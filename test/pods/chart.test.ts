/** The Helm chart on a real node: installed, upgraded, removed. */
import { expect } from 'vitest';
import { chart, helm } from '../chart/helm.ts';
import { until } from '../cluster/support/until.ts';
import { test } from './support/fixtures.ts';
import { patience, type Pod } from './support/story.ts';

test('the chart installs a worker that leads, hands over in an upgrade, and leaves nothing', async ({
  story,
  cluster: { kubeconfig },
}) => {
  const values = [
    '--set',
    'image.repository=bare,image.tag=1,leader.image.tag=0.1,command={./worker}',
  ];
  const release = (verb: string, ...args: string[]): Promise<string> =>
    helm([verb, 'mail', '--namespace', story.namespace, ...args], kubeconfig);
  const pods = async (): Promise<Pod[]> => {
    const path = `/api/v1/namespaces/${story.namespace}/pods`;
    return (await story.cluster.request<{ items: Pod[] }>('GET', path)).body.items;
  };

  await release('install', chart, ...values, '--wait', '--timeout=150s');
  const leader = await until('somebody leads', () => story.holder('mail'), patience);
  expect((await pods()).map(({ metadata }) => metadata.name)).toContain(leader);
  expect(await story.kubectl('logs', leader)).toContain(`${leader} works`);

  await release(
    'upgrade',
    chart,
    ...values,
    '--set',
    'podAnnotations.changed=yes',
    '--wait',
    '--timeout=150s',
  );
  const next = await until(
    'a pod of the upgrade leads',
    async () => {
      const holder = await story.holder('mail');
      return holder !== leader && holder;
    },
    patience,
  );
  const doctor = ['/k8s-leader/k8s-leader', 'doctor'];
  const { stdout } = await story.tryKubectl('exec', next, '--', ...doctor);
  expect(stdout).toContain('✓ lock');
  expect(stdout.match(/^✗ (?!init).*$/gm)).toBeNull();

  await release('uninstall', '--wait', '--timeout=150s');
  await until('no pod is left', async () => (await pods()).length === 0, patience);
});
