/** packaging/chart: linted, rendered, installed in the real API server, and working with the permissions in it. */
import { loadYaml } from '@kubernetes/client-node/dist/yaml.js';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect } from 'vitest';
import { chart, helm, rendered, worker } from '../chart/helm.ts';
import {
  containerOf,
  deploymentIn,
  nameOf,
  objectsIn,
  podSpecIn,
  type Rendered,
} from '../kustomize/deployment.ts';
import { environmentIn, optionsIn, slackMsOf } from '../kustomize/invocation.ts';
import { probe } from '../process/support/http.ts';
import { accountOf, collectionOf } from './support/applied.ts';
import type { Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { until } from './support/until.ts';

let objects: Rendered[];
beforeAll(async () => {
  objects = await rendered();
});

const kindsOf = (all: readonly Rendered[]) => all.map(nameOf).sort();

describe('as rendered', () => {
  test('Helm finds no fault with it', async () => {
    expect(await helm(['lint', '--strict', chart])).toContain('0 chart(s) failed');
    expect(await helm(['lint', '--strict', chart, ...worker])).toContain('0 chart(s) failed');
  });

  test('it is a worker with a standby, and nothing else', () => {
    expect(kindsOf(objects)).toEqual([
      'Deployment mail',
      'PodDisruptionBudget mail',
      'Role mail-lock',
      'RoleBinding mail-lock',
      'ServiceAccount mail',
    ]);
    expect(deploymentIn(objects).spec.replicas).toBe(2);
    const { startupProbe, livenessProbe, readinessProbe } = containerOf(objects);
    const paths = [startupProbe, livenessProbe, readinessProbe].map((each) => each?.httpGet.path);
    expect(paths).toEqual(['/livez', '/livez', '/readyz']);
  });

  test('the wrapper understands it, and has time to hand over', async () => {
    const { lock, onLost, stopTimeoutMs, listen } = optionsIn(objects);
    expect([lock, onLost, stopTimeoutMs, listen?.port]).toEqual(['mail', 'rejoin', 25_000, 8711]);
    expect(slackMsOf(objects)).toBeGreaterThanOrEqual(7_000);
    const other = await rendered([
      ...['--set', 'lock=other,stopTimeoutSeconds=120,leader.events=false'],
      ...['--set', 'leader.options.lease-duration=30s,leader.options.on-lost=exit'],
    ]);
    expect(optionsIn(other)).toMatchObject({
      ...{ lock: 'other', onLost: 'exit', stopTimeoutMs: 120_000, events: false },
      timing: { leaseDurationMs: 30_000 },
    });
    expect(slackMsOf(other)).toBeGreaterThanOrEqual(7_000);
  });

  test('monitors come when they are wanted, with the alerts of the example', async () => {
    const also = await rendered(['--set', 'podMonitor.enabled=true,prometheusRule.enabled=true']);
    expect(kindsOf(also)).toEqual(
      [...kindsOf(objects), 'PodMonitor mail', 'PrometheusRule mail'].sort(),
    );
    const spec = (kind: string) => also.find((each) => each.kind === kind)?.spec;
    expect(spec('PodMonitor')).toMatchObject({
      selector: (deploymentIn(also).spec as { selector?: object }).selector,
      podMetricsEndpoints: [{ port: 'leader', path: '/metrics' }],
    });
    const example = loadYaml(readFileSync('examples/monitoring/alerts.yaml', 'utf8'));
    expect(spec('PrometheusRule')).toEqual(example);

    const ours = [
      '--set',
      'prometheusRule.enabled=true,prometheusRule.runbooks=https://wiki/alerts',
    ];
    const linked = JSON.stringify(await rendered(ours));
    expect(linked).toContain('"runbook_url":"https://wiki/alerts#k8sleadernone"');
    expect(linked).not.toContain('OWNER');
  });

  test.for([
    [['image.repository='], 'image.repository is missing'],
    [['image.tag='], 'image.tag is missing'],
    [['command=null'], 'command is missing'],
    [['replica=3'], "additional properties 'replica' not allowed"],
    [['leader.options.lock=x'], "invalid propertyName 'lock'"],
    [['lock=My_Lock'], "'/lock'"],
    [['stopTimeoutSeconds=soon'], "'/stopTimeoutSeconds'"],
  ] as const)('refuses %s', async ([values, words]) => {
    await expect(rendered(values.flatMap((value) => ['--set', value]))).rejects.toThrow(words);
  });
});

/** As Helm does, with an account of the administrator. */
async function release(contest: Contest): Promise<(...args: string[]) => Promise<string>> {
  const { controlPlane, namespace } = contest;
  await controlPlane.request('PATCH', `/api/v1/namespaces/${namespace}`, {
    metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  const kubeconfig = await controlPlane.kubeconfig({ namespace });
  return (verb, ...args) => helm([verb, 'mail', '--namespace', namespace, ...args], kubeconfig);
}

async function statusOf({ controlPlane, namespace }: Contest, object: Rendered): Promise<number> {
  const path = `${collectionOf(namespace, object)}/${object.metadata?.name ?? ''}`;
  return (await controlPlane.request('GET', path)).status;
}

describe('in a cluster', () => {
  test('it is accepted, installed, upgraded and removed', async ({ contest }) => {
    const { controlPlane, namespace } = contest;
    const run = await release(contest);
    await run('install', chart, ...worker, '--dry-run=server');
    expect(await run('install', chart, ...worker)).toContain('status --lock mail');
    for (const object of objects)
      expect([nameOf(object), await statusOf(contest, object)]).toEqual([nameOf(object), 200]);

    await run('upgrade', chart, ...worker, '--set', 'replicas=3');
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/mail`;
    const { body } = await controlPlane.request<Rendered & { spec: object }>('GET', path);
    expect(body.spec).toMatchObject({ replicas: 3 });

    await run('uninstall');
    for (const object of objects)
      expect([nameOf(object), await statusOf(contest, object)]).toEqual([nameOf(object), 404]);
  });

  test('the Pod fits the standard `restricted`', async ({ contest }) => {
    await release(contest);
    const { controlPlane, namespace } = contest;
    const account = objects.find(({ kind }) => kind === 'ServiceAccount')!;
    const spec = podSpecIn(objects);
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec };
    const there = { ...account, metadata: { name: 'mail' } };
    for (const object of [there, pod]) {
      const of = `${collectionOf(namespace, object)}?fieldValidation=Strict`;
      const { status, body } = await controlPlane.request('POST', of, object);
      expect([status, body.message]).toEqual([201, undefined]);
    }
  });

  test('it grants what `rbac` prints', async ({ contest }) => {
    const printed = await contest.start(['rbac', '--lock', 'mail'], {
      env: { K8S_LEADER_EVENTS: '' },
    });
    expect(await printed.ended).toEqual({ code: 0, signal: null });
    const rulesOf = (all: readonly Rendered[]) => all.find(({ kind }) => kind === 'Role')?.rules;
    expect(rulesOf(objects)).toEqual(rulesOf(objectsIn(printed.stdout)));
  });

  test('the worker leads and answers its probes under its own Role', async ({ contest }) => {
    const run = await release(contest);
    await run('install', chart, ...worker);
    const may = { verb: 'create', group: 'coordination.k8s.io', resource: 'leases' };
    const { kubeconfig } = await accountOf(contest, 'mail', may);
    const { startupProbe, livenessProbe, readinessProbe } = containerOf(objects);
    const leader = await contest.start(['run', '--', ...contest.life()], {
      env: {
        ...environmentIn(objects, contest.namespace, 'a'),
        K8S_LEADER_LISTEN: '127.0.0.1:0',
        K8S_LEADER_KUBECONFIG: kubeconfig,
        K8S_LEADER_LOG_FORMAT: 'json',
        K8S_LEADER_LOG_LEVEL: 'debug',
      },
    });
    await leader.told('started');
    const { message } = await until('it listens', () =>
      leader.log.find(({ event }) => event === 'listening'),
    );
    for (const { httpGet } of [startupProbe!, livenessProbe!, readinessProbe!])
      expect(await probe(message.replace('listening on ', ''), httpGet.path)).toMatchObject({
        status: 200,
      });
    leader.signal('SIGTERM');
    expect(await leader.ended).toEqual({ code: 143, signal: null });
    const asked = await contest.requests('mail');
    expect(asked.filter(({ code }) => code === 403)).toEqual([]);
  });
});
