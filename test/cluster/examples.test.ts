/**
 * The manifests of examples/ on the real API server: accepted with strict validation where the restricted Pod Security
 * Standard is enforced, with the permissions that `rbac` prints, and with command lines that work under them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { loadAllYaml } from '@kubernetes/client-node/dist/yaml.js';
import { describe, expect } from 'vitest';
import { parse } from '../../src/cli/parse.ts';
import type { ApiObject } from '../support/control-plane.ts';
import { accountOf, collectionOf } from './support/applied.ts';
import type { Account } from './support/accounts.ts';
import type { Candidate } from './support/candidate.ts';
import { jsonLog, swift, type Contest } from './support/contest.ts';
import { test as base } from './support/fixtures.ts';
import { podsIn, type Pods } from './support/pods.ts';
import { until } from './support/until.ts';

const folder = join(import.meta.dirname, '../../examples');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

/** With Events, as by default; the other tests are without. */
const usual = { K8S_LEADER_EVENTS: '' };

interface Probe {
  readonly httpGet: { readonly path: string };
}
interface Container {
  readonly command: readonly string[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}
interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly terminationGracePeriodSeconds: number;
    readonly initContainers?: readonly Container[];
    readonly containers: readonly Container[];
  };
}

const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const objectsOf = (file: string): ApiObject[] => loadAllYaml(read(file)) as ApiObject[];

/** The template of the Pods in a Deployment or CronJob. */
function templateOf(file: string): PodTemplate {
  for (const { kind, spec = {} } of objectsOf(file)) {
    if (kind === 'Deployment') return spec['template'] as PodTemplate;
    const job = spec['jobTemplate'] as { spec: { template: PodTemplate } } | undefined;
    if (kind === 'CronJob') return job!.spec.template;
  }
  throw new Error(`${file} has no Pods`);
}

/** The container that is under the wrapper. */
function wrappedIn(file: string): Container {
  const { initContainers = [], containers } = templateOf(file).spec;
  return [...initContainers, ...containers].find(({ command }) => command.includes('k8s-leader'))!;
}

/** What is said to `k8s-leader run`, without CMD. */
function flagsOf(file: string): string[] {
  const { command } = wrappedIn(file);
  expect(command.slice(0, 2)).toEqual(['k8s-leader', 'run']);
  return command.slice(2, command.indexOf('--'));
}

function optionsOf(file: string) {
  const { command } = wrappedIn(file);
  const invocation = parse(command.slice(1), {}, { version: '1' });
  if (invocation.kind !== 'run') throw new Error(`${file} does not run anything`);
  return invocation.options;
}

function pathOf(namespace: string, object: ApiObject): string {
  return `${collectionOf(namespace, object)}?fieldValidation=Strict`;
}

interface Applied {
  readonly pods: Pods;
  /** Applies it, and returns the account of its Pods. */
  apply(file: string): Promise<Account>;
  /** Runs its command line with another CMD, as a Pod of that name. */
  run(file: string, pod: string, command: readonly string[]): Promise<Candidate>;
}

const test = base.extend<{ applied: Applied }>({
  applied: async ({ contest }, use) => {
    const { controlPlane, namespace } = contest;
    await controlPlane.request('PATCH', `/api/v1/namespaces/${namespace}`, {
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    const pods = await podsIn(contest, 'role');
    const apply = async (file: string): Promise<Account> => {
      for (const object of objectsOf(file)) {
        const answer = await controlPlane.request('POST', pathOf(namespace, object), object);
        expect([object.kind, answer.status, answer.body.message]).toEqual([
          object.kind,
          201,
          undefined,
        ]);
      }
      const lease = { verb: 'create', group: 'coordination.k8s.io', resource: 'leases' };
      return accountOf(contest, templateOf(file).spec.serviceAccountName, lease);
    };
    await use({
      pods,
      apply,
      async run(file, pod, command) {
        const { serviceAccountName } = templateOf(file).spec;
        const lease = { verb: 'create', group: 'coordination.k8s.io', resource: 'leases' };
        const { kubeconfig } = await accountOf(contest, serviceAccountName, lease);
        const flags = flagsOf(file).map((flag) =>
          flag === '--listen=:8080' ? '--listen=127.0.0.1:0' : flag,
        );
        const here = ['--kubeconfig', kubeconfig, ...jsonLog, ...swift];
        const env = { ...usual, POD_NAME: pod, POD_NAMESPACE: namespace };
        return contest.start(['run', ...flags, ...here, '--', ...command], { env });
      },
    });
    pods.close();
  },
});

async function refusals(contest: Contest, { name }: Account): Promise<unknown[]> {
  return (await contest.requests(name)).filter(({ code }) => code === 403);
}

async function statusAt(candidate: Candidate, path: string): Promise<number | undefined> {
  const { message } = await until('it listens', () =>
    candidate.log.find(({ event }) => event === 'listening'),
  );
  const url = /http:\S+/.exec(message)?.[0] ?? '';
  const [response] = (await once(get(`${url}${path}`), 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

describe.concurrent.each(files)('examples/%s', (file) => {
  test('is accepted as it is, and so is the Pod that it makes', async ({ contest, applied }) => {
    await applied.apply(file);
    const pod = { ...templateOf(file), apiVersion: 'v1', kind: 'Pod' };
    const metadata = { ...pod.metadata, name: 'one-of-them' };
    const answer = await contest.controlPlane.request('POST', pathOf(contest.namespace, pod), {
      ...pod,
      metadata,
    });
    expect([answer.status, answer.body.message]).toEqual([201, undefined]);
  });

  test('grants what the command in its head prints', async ({ contest, expect }) => {
    const [, line = ''] = /^# {3}k8s-leader (rbac .*)$/m.exec(read(file)) ?? [];
    const rbac = await contest.start(line.split(' '), { env: usual });
    expect(await rbac.ended).toEqual({ code: 0, signal: null });
    expect(objectsOf(file).slice(0, 3)).toEqual(loadAllYaml(rbac.stdout));
  });

  test('leaves more time than --stop-timeout, for the label and the release', ({ expect }) => {
    const { terminationGracePeriodSeconds: graceSeconds } = templateOf(file).spec;
    // pod-labelling.ts: 2 s; main.ts and elector.ts: 5 s.
    expect(graceSeconds * 1_000).toBeGreaterThanOrEqual(optionsOf(file).stopTimeoutMs + 7_000);
  });
});

test('what is misspelled would be refused', async ({ contest }) => {
  const [object] = objectsOf('deployment.yaml').filter(({ kind }) => kind === 'Deployment');
  const misspelled = { ...object!, spec: { ...object!.spec, replica: 2 } };
  const path = pathOf(contest.namespace, misspelled);
  const { status, body } = await contest.controlPlane.request('POST', path, misspelled);
  expect([status, body.message]).toEqual([400, expect.stringContaining('spec.replica')]);
});

describe.concurrent('under the Role of its example', () => {
  test('the worker leads, answers its probes, and hands over', async ({ contest, applied }) => {
    const file = 'deployment.yaml';
    const account = await applied.apply(file);
    const { startupProbe, livenessProbe, readinessProbe } = wrappedIn(file);
    const leader = await applied.run(file, 'a', contest.life());
    await leader.told('started');
    const standby = await applied.run(file, 'b', contest.life());
    await standby.told('standing-by');
    for (const candidate of [leader, standby])
      for (const probe of [startupProbe!, livenessProbe!, readinessProbe!])
        expect(await statusAt(candidate, probe.httpGet.path)).toBe(200);
    leader.signal('SIGTERM');
    expect(await leader.ended).toEqual({ code: 143, signal: null });
    await standby.told('started');
    expect(await refusals(contest, account)).toEqual([]);
  });

  test('the Service selects the leader, and the next one after it', async ({
    contest,
    applied: { pods, apply, run },
  }) => {
    const file = 'routing.yaml';
    const account = await apply(file);
    const service = objectsOf(file).find(({ kind }) => kind === 'Service');
    const wanted = service?.spec?.['selector'] as Record<string, string>;
    const selector = Object.entries(wanted).map((pair) => pair.join('='));
    const selected = (name: string) =>
      until(
        `${name} is selected`,
        async () => (await pods.selected(selector.join())).join() === name,
      );
    const { labels = {} } = templateOf(file).metadata ?? {};
    await pods.create('a', labels);
    await pods.create('b', labels);
    const a = await run(file, 'a', contest.life());
    await selected('a');
    const b = await run(file, 'b', contest.life());
    await b.told('standing-by');
    a.signal('SIGTERM');
    await selected('b');
    for (const { names } of pods.history) expect(names.length).toBeLessThanOrEqual(1);
    expect(await refusals(contest, account)).toEqual([]);
  });

  test('the migration runs once, and every init container ends with 0', async ({
    contest,
    applied,
  }) => {
    const file = 'migration.yaml';
    const account = await applied.apply(file);
    const marks = join(contest.folder, 'marks');
    const migrate = ['sh', '-c', `echo migrated >>${marks}`];
    const replicas = await Promise.all(
      ['a', 'b', 'c'].map((pod) => applied.run(file, pod, migrate)),
    );
    for (const { ended } of replicas) expect(await ended).toEqual({ code: 0, signal: null });
    expect(readFileSync(marks, 'utf8')).toBe('migrated\n');
    const late = await applied.run(file, 'd', migrate);
    expect(await late.ended).toEqual({ code: 0, signal: null });
    expect(readFileSync(marks, 'utf8')).toBe('migrated\n');
    expect(await refusals(contest, account)).toEqual([]);
  });

  test('the second Job of a night has nothing to do, also when the first is through', async ({
    contest,
    applied,
  }) => {
    const file = 'cronjob.yaml';
    const account = await applied.apply(file);
    const first = await applied.run(file, 'a', ['true']);
    await first.told('exited');
    const second = await applied.run(file, 'b', ['echo', 'started']);
    expect(await second.ended).toEqual({ code: 0, signal: null });
    expect(second.stdout).toBe('');
    first.signal('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    expect(await refusals(contest, account)).toEqual([]);
  });
});
