/** The example of packaging/kustomize on the real API server: accepted as it is, and working with the permissions in it. */
import { beforeAll, describe, expect } from 'vitest';
import {
  containerOf,
  nameOf,
  objectsIn,
  podSpecIn,
  type PodSpec,
  type Rendered,
} from '../kustomize/deployment.ts';
import { environmentIn, optionsIn, slackMsOf } from '../kustomize/invocation.ts';
import { exampleObjects, made, plain } from '../kustomize/made.ts';
import { probe } from '../process/support/http.ts';
import { accountOf, collectionOf } from './support/applied.ts';
import type { Candidate } from './support/candidate.ts';
import type { Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { until } from './support/until.ts';

let example: Rendered[];
beforeAll(async () => {
  example = await exampleObjects();
});

async function printed(contest: Contest, ...flags: string[]): Promise<Rendered[]> {
  const rbac = await contest.start(['rbac', ...flags], { env: { K8S_LEADER_EVENTS: '' } });
  expect(await rbac.ended).toEqual({ code: 0, signal: null });
  return objectsIn(rbac.stdout);
}

async function enforceRestricted({ controlPlane, namespace }: Contest): Promise<void> {
  await controlPlane.request('PATCH', `/api/v1/namespaces/${namespace}`, {
    metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
}

/** What holds for the whole Pod holds for its own container alone. */
function restrictContainerAlone(spec: PodSpec): void {
  const [container] = spec.containers;
  container!.securityContext = { ...spec.securityContext, ...container!.securityContext };
  delete spec.securityContext;
}

describe('the example', () => {
  test('runs the command as it was, by what the init container has left', () => {
    const { initContainers = [], volumes } = podSpecIn(example);
    const [install] = initContainers;
    expect(initContainers).toHaveLength(1);
    expect(install?.args).toEqual(['install', '/k8s-leader']);
    expect(install?.volumeMounts).toEqual([{ name: 'k8s-leader', mountPath: '/k8s-leader' }]);
    expect(volumes).toEqual([{ name: 'k8s-leader', emptyDir: {} }]);
    const before = plain().spec.template.spec.containers[0];
    const { command = [], args, volumeMounts } = containerOf(example);
    expect(command).toEqual(['/k8s-leader/k8s-leader', 'run', '--', ...(before?.command ?? [])]);
    expect(args).toEqual(before?.args);
    expect(volumeMounts).toEqual([
      { name: 'k8s-leader', mountPath: '/k8s-leader', readOnly: true },
    ]);
  });

  test('is understood by the wrapper, and leaves it time to hand over', () => {
    const { lock, onLost } = optionsIn(example);
    expect([lock, onLost]).toEqual(['worker-leader', 'rejoin']);
    expect(slackMsOf(example)).toBeGreaterThanOrEqual(7_000);
  });

  test('grants what `rbac` prints, and nothing else', async ({ contest }) => {
    expect(example.slice(0, 3)).toEqual(await printed(contest, '--lock', 'worker-leader'));
    expect(example.slice(3).map(nameOf)).toEqual(['Deployment worker']);
  });

  test('grants it to an account that exists', async ({ contest }) => {
    const before = plain((spec) => (spec.serviceAccountName = 'mailer'));
    const objects = await made({ objects: [before], components: ['wrapper'] });
    const flags = ['--lock', 'worker-leader', '--service-account', 'mailer'];
    expect(objects.slice(0, 2)).toEqual(await printed(contest, ...flags));
  });

  test('is accepted as it is: a server-side apply, as a dry run', async ({ contest }) => {
    const { controlPlane, namespace } = contest;
    await enforceRestricted(contest);
    const flags = 'dryRun=All&fieldValidation=Strict&fieldManager=kustomize';
    const dryRun = (object: Rendered) =>
      controlPlane.request(
        'PATCH',
        `${collectionOf(namespace, object)}/${object.metadata?.name ?? ''}?${flags}`,
        object,
        { contentType: 'application/apply-patch+yaml' },
      );
    for (const object of example) {
      const { status, body } = await dryRun(object);
      expect([nameOf(object), status, body.message]).toEqual([nameOf(object), 201, undefined]);
    }
    const [account] = example;
    const misspelled = { ...account, automount: true } as Rendered;
    const { status, body } = await dryRun(misspelled);
    expect([status, body.message]).toEqual([500, expect.stringContaining('.automount')]);
  });
});

describe.concurrent('under its own Role', () => {
  async function applied(contest: Contest, objects = example): Promise<string> {
    const { controlPlane, namespace } = contest;
    await enforceRestricted(contest);
    for (const object of objects) {
      const path = `${collectionOf(namespace, object)}?fieldValidation=Strict`;
      const { status, body } = await controlPlane.request('POST', path, object);
      expect([nameOf(object), status, body.message]).toEqual([nameOf(object), 201, undefined]);
    }
    const may = { verb: 'create', group: 'coordination.k8s.io', resource: 'leases' };
    const { serviceAccountName = 'default' } = podSpecIn(objects);
    return (await accountOf(contest, serviceAccountName, may)).kubeconfig;
  }

  test('the worker leads, answers its probes, and hands over', async ({ contest }) => {
    const kubeconfig = await applied(contest);
    const { command, livenessProbe, readinessProbe } = containerOf(example);
    // What runs in place of the worker's own command.
    const wrapper = command!.slice(1, -plain().spec.template.spec.containers[0]!.command!.length);
    const start = (pod: string): Promise<Candidate> =>
      contest.start([...wrapper, ...contest.life()], {
        env: {
          K8S_LEADER_EVENTS: '',
          ...environmentIn(example, contest.namespace, pod),
          K8S_LEADER_LISTEN: '127.0.0.1:0',
          K8S_LEADER_KUBECONFIG: kubeconfig,
          K8S_LEADER_LOG_FORMAT: 'json',
          K8S_LEADER_LOG_LEVEL: 'debug',
        },
      });
    const leader = await start('a');
    await leader.told('started');
    const standby = await start('b');
    await standby.told('standing-by');
    for (const { log } of [leader, standby]) {
      const listening = await until('it listens', () =>
        log.find(({ event }) => event === 'listening'),
      );
      const url = listening.message.replace('listening on ', '');
      for (const { httpGet } of [livenessProbe!, readinessProbe!])
        expect(await probe(url, httpGet.path)).toMatchObject({ status: 200 });
    }
    leader.signal('SIGTERM');
    expect(await leader.ended).toEqual({ code: 143, signal: null });
    await standby.told('started');
    const asked = await contest.requests('worker-leader');
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter(({ code }) => code === 403)).toEqual([]);
  });

  test.for([
    ["the Pod's", () => Promise.resolve(example)],
    ["the container's alone", () => made({ objects: [plain(restrictContainerAlone)] })],
  ] as const)(
    'the Pod is accepted where the restrictions are %s',
    async ([, render], { contest }) => {
      const objects = await render();
      await applied(contest, objects);
      const { namespace, controlPlane } = contest;
      const spec = podSpecIn(objects);
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec };
      const path = `${collectionOf(namespace, pod)}?fieldValidation=Strict`;
      const { status, body } = await controlPlane.request('POST', path, pod);
      expect([status, body.message]).toEqual([201, undefined]);
    },
  );
});
