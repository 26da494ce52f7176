/** What examples/ has, as it is, in a namespace that enforces the standard `restricted`. */
import { describe, expect } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { test } from './support/fixtures.ts';
import { asItIs, example } from './support/manifest.ts';
import { patience, type Story } from './support/story.ts';

/** What a container of the pod has said. */
const logOf = (story: Story, pod: string, ...container: string[]): Promise<string> =>
  story.kubectl('logs', pod, ...container);

describe('as they are', () => {
  test('deployment.yaml: one of two works, and the doctor finds nothing wrong', async ({
    story,
  }) => {
    await story.apply(asItIs('examples/deployment.yaml'));
    await story.rolledOut('worker');
    const pods = (await story.pods('worker')).map(({ metadata }) => metadata.name);
    const leader = await until('somebody leads', () => story.holder('worker'), patience);
    expect(pods).toContain(leader);
    await until('it works', async () => (await logOf(story, leader)).includes('works'), patience);
    const other = pods.find((name) => name !== leader)!;
    expect(await logOf(story, other)).not.toContain('works');
    for (const pod of pods) {
      const doctor = ['k8s-leader', 'doctor', '--lock=worker', '--stop-timeout=25s'];
      const { status, stdout } = await story.tryKubectl('exec', pod, '--', ...doctor);
      expect(stdout).not.toContain('✗');
      expect(status).toBe(0);
    }
    const careless = ['k8s-leader', 'doctor', '--lock=worker', '--stop-timeout=5s'];
    expect(await story.kubectl('exec', leader, '--', ...careless)).toMatch(
      /^– options: the k8s-leader here runs with others: --lock=worker .*--stop-timeout=25s/m,
    );
  });

  test('migration.yaml: of three pods one migrates, then all start', async ({ story }) => {
    await story.apply(asItIs('examples/migration.yaml'));
    await story.rolledOut('web');
    const pods = await story.pods('web');
    expect(pods).toHaveLength(3);
    const said = await Promise.all(
      pods.map(({ metadata }) => logOf(story, metadata.name, '-c', 'migrate')),
    );
    expect(said.filter((log) => log.includes('works'))).toHaveLength(1);
    for (const { status } of pods)
      expect(status.initContainerStatuses?.[0]?.state.terminated?.exitCode).toBe(0);
  });

  test('routing.yaml: the Service has the leader as its only endpoint', async ({ story }) => {
    await story.apply(asItIs('examples/routing.yaml'));
    await story.rolledOut('primary');
    const addresses = async (): Promise<string[]> => {
      const path = `/apis/discovery.k8s.io/v1/namespaces/${story.namespace}/endpointslices`;
      const { body } = await story.cluster.request<{
        items: { endpoints?: { addresses: string[] }[] }[];
      }>('GET', path);
      return body.items.flatMap(({ endpoints = [] }) =>
        endpoints.flatMap((each) => each.addresses),
      );
    };
    const isOf = async (leader: string): Promise<boolean> => {
      const address = (await story.pod(leader)).status.podIP;
      const all = await addresses();
      return all.length === 1 && all[0] === address;
    };
    const leader = await until('somebody leads', () => story.holder('primary'), patience);
    await until('the endpoint is the leader', () => isOf(leader), patience);
    await story.deletePod(leader);
    await until(
      'the endpoint is the next one',
      async () => {
        const next = await story.holder('primary');
        return next !== '' && next !== leader && isOf(next);
      },
      patience,
    );
  });

  test('cronjob.yaml: two Jobs at once, one works, and both succeed', async ({ story }) => {
    // All but the time for which the lock is kept afterwards.
    const text = JSON.stringify(asItIs('examples/cronjob.yaml'));
    await story.apply(JSON.parse(text.replace('--min-hold=2m', '--min-hold=45s')) as object[]);
    for (const name of ['one', 'two'])
      await story.kubectl('create', 'job', name, '--from=cronjob/nightly');
    for (const name of ['one', 'two'])
      await story.kubectl('wait', '--for=condition=complete', `job/${name}`, '--timeout=250s');
    const said = await Promise.all(['one', 'two'].map((name) => logOf(story, `job/${name}`)));
    expect(said.filter((log) => log.includes('works'))).toHaveLength(1);
  });
});

test('a migration is told to go in the midst of it: the next pod begins anew', async ({
  story,
}) => {
  const command = ['./migrate', '--for', '20000'];
  await story.apply(example('migration.yaml', { command }));
  const leader = await story.leader('web-migration');
  await story.deletePod(leader);
  await story.rolledOut('web');
  const lives = await story.lives();
  expect(lives).toHaveLength(2);
  expect(lives[0]).toMatchObject({ pod: leader });
  expect(lives[1]!.endedMs! - lives[1]!.begunMs).toBeGreaterThan(19_000);
});
