/** What the components of packaging/kustomize add to a Deployment, what they leave alone, and what they refuse. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  containerOf,
  nameOf,
  podSpecIn,
  type Deployment,
  type PodSpec,
} from '../kustomize/deployment.ts';
import { kustomize } from '../kustomize/kustomize.ts';
import { made, plain } from '../kustomize/made.ts';

beforeAll(kustomize);

const wrapper = ['/k8s-leader/k8s-leader', 'run', '--'];
const probe = { httpGet: { path: '/healthz', port: 80 } };
const variable = (name: string, value: string) => ({ name, value });

describe('the command', () => {
  test.each<[what: string, command: string[]]>([
    ['one word', ['./worker']],
    ['options that look like ours', ['--', 'run', '--lock', 'a', '--']],
    ['words that YAML would take for something else', ['sh', '-c', 'yes', 'null', '1', '', '~']],
    ['lines, quotes and variables', ['sh', '-c', 'a="$(POD_NAME)"\nexec \'./worker\' $a # b']],
  ])('of %s follows the wrapper, and the arguments are left alone', async (_, command) => {
    const args = ['--flag', 'off', '0x10'];
    const before = plain(({ containers }) => Object.assign(containers[0]!, { command, args }));
    const after = containerOf(await made({ objects: [before] }));
    expect(after).toMatchObject({ command: [...wrapper, ...command], args });
  });

  test('of another container is left alone', async () => {
    const sidecar = {
      name: 'sidecar',
      image: 'registry.example/sidecar:1',
      command: ['./sidecar'],
    };
    const before = plain(({ containers }) => containers.push(sidecar));
    const { containers } = podSpecIn(await made({ objects: [before] }));
    expect(containers[1]).toEqual(sidecar);
  });
});

test('what the Pod has already is kept', async () => {
  const scratch = { name: 'scratch', emptyDir: {} };
  const mount = { name: 'scratch', mountPath: '/scratch' };
  const first = { name: 'first', image: 'registry.example/first:1', command: ['./first'] };
  const env = [variable('A', '1'), variable('POD_NAME', 'told'), variable('B', '2')];
  const before = plain((spec) => {
    Object.assign(spec, { volumes: [scratch], initContainers: [first] });
    Object.assign(spec.containers[0]!, { env, volumeMounts: [mount] });
  });
  const objects = await made({ objects: [before] });
  const { volumes, initContainers } = podSpecIn(objects);
  expect(volumes).toHaveLength(2);
  expect(volumes).toContainEqual(scratch);
  expect(initContainers).toHaveLength(2);
  expect(initContainers).toContainEqual(first);
  const { env: variables = [], volumeMounts } = containerOf(objects);
  expect(volumeMounts).toEqual([mount, expect.objectContaining({ name: 'k8s-leader' })]);
  expect(variables.map(({ name }) => name).sort()).toEqual(
    ['A', 'B', 'K8S_LEADER_LOCK', 'POD_NAME', 'POD_NAMESPACE'].sort(),
  );
  // Of a variable that is there, only one meaning is left.
  expect(variables.find(({ name }) => name === 'POD_NAME')).toEqual({
    name: 'POD_NAME',
    valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
  });
});

test('a token is mounted, also where the Deployment wants none', async () => {
  const before = plain((spec) => (spec.automountServiceAccountToken = false));
  const spec = podSpecIn(await made({ objects: [before] }));
  expect(spec.automountServiceAccountToken).toBe(true);
});

test('an account that exists is the one that may lead', async () => {
  const before = plain((spec) => (spec.serviceAccountName = 'mailer'));
  const objects = await made({ objects: [before], components: ['wrapper'] });
  expect(objects.map(nameOf)).toEqual([
    'Role worker-leader-lock',
    'RoleBinding worker-leader-lock',
    'Deployment worker',
  ]);
  expect(podSpecIn(objects).serviceAccountName).toBe('mailer');
  expect(objects[1]).toMatchObject({ subjects: [{ kind: 'ServiceAccount', name: 'mailer' }] });
});

describe('probes and grace period', () => {
  const talkative = plain((spec) => {
    spec.terminationGracePeriodSeconds = 120;
    const probes = { livenessProbe: probe, readinessProbe: probe, startupProbe: probe };
    Object.assign(spec.containers[0]!, probes);
  });

  test('of the bare command are taken out by "clear"', async () => {
    const objects = await made({
      objects: [talkative],
      components: ['clear', 'account', 'wrapper'],
    });
    expect(objects).toEqual(await made());
  });

  test('a Deployment that has none is not changed by it', async () => {
    const components = ['clear', 'account', 'wrapper'];
    expect(await made({ components })).toEqual(await made());
  });

  test('are replaced by those of the wrapper with "probes"', async () => {
    const components = ['clear', 'account', 'wrapper', 'probes'];
    const { livenessProbe, readinessProbe, startupProbe, env, ports } = containerOf(
      await made({ objects: [talkative], components }),
    );
    expect(livenessProbe?.httpGet).toEqual({ path: '/livez', port: 'leader' });
    expect(readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'leader' });
    expect(startupProbe?.httpGet).toEqual({ path: '/livez', port: 'leader' });
    expect(env).toContainEqual(variable('K8S_LEADER_LISTEN', ':8711'));
    expect(ports).toEqual([{ name: 'leader', containerPort: 8711 }]);
  });
});

describe('names', () => {
  const namesIn = async (kustomization: Parameters<typeof made>[0]) => {
    const objects = await made(kustomization);
    const [, role, binding] = objects;
    return {
      all: objects.map(nameOf),
      lock: containerOf(objects).env?.find(({ name }) => name === 'K8S_LEADER_LOCK')?.value,
      granted: role?.rules?.flatMap(({ resourceNames = [] }) => resourceNames),
      bound: [binding?.roleRef?.name, binding?.subjects?.[0]?.name],
      account: podSpecIn(objects).serviceAccountName,
    };
  };
  const allOf = (name: string, deployment: string) => ({
    all: [
      `ServiceAccount ${name}`,
      `Role ${name}-lock`,
      `RoleBinding ${name}-lock`,
      `Deployment ${deployment}`,
    ],
    bound: [`${name}-lock`, name],
    account: name,
  });

  test('with dashes and dots are taken whole', async () => {
    const named = plain((_, { metadata }) => (metadata.name = 'my-own.worker-1'));
    expect(await namesIn({ objects: [named] })).toEqual({
      ...allOf('my-own.worker-1-leader', 'my-own.worker-1'),
      lock: 'my-own.worker-1-leader',
      granted: ['my-own.worker-1-leader'],
    });
  });

  test('a prefix of a kustomization below is part of the lock', async () => {
    expect(await namesIn({ below: { namePrefix: 'a-', nameSuffix: '-z' } })).toEqual({
      ...allOf('a-worker-z-leader', 'a-worker-z'),
      lock: 'a-worker-z-leader',
      granted: ['a-worker-z-leader'],
    });
  });

  test('a prefix of the same kustomization is not, and everything still fits together', async () => {
    expect(await namesIn({ also: { namePrefix: 'a-' } })).toEqual({
      ...allOf('a-worker-leader', 'a-worker'),
      lock: 'worker-leader',
      granted: ['worker-leader'],
    });
  });

  test('a generated ConfigMap named as the Deployment does not get into the permissions', async () => {
    const configMapGenerator = [{ name: 'worker', literals: ['a=b'] }];
    expect(await namesIn({ also: { configMapGenerator } })).toMatchObject({
      granted: ['worker-leader'],
    });
  });

  test('the namespace of the kustomization is that of all', async () => {
    const elsewhere = plain((_, { metadata }) => (metadata.namespace = 'elsewhere'));
    const objects = await made({ objects: [elsewhere], also: { namespace: 'jobs' } });
    for (const { metadata } of objects) expect(metadata?.namespace).toBe('jobs');
    expect(objects[2]?.subjects).toEqual([
      { kind: 'ServiceAccount', name: 'worker-leader', namespace: 'jobs' },
    ]);
  });
});

describe('rendering fails for', () => {
  const has = (what: Partial<PodSpec>) => [plain((spec) => Object.assign(spec, what))];
  const runs = (what: object) => [plain(({ containers }) => Object.assign(containers[0]!, what))];
  const other = plain((_, { metadata }) => (metadata.name = 'other'));
  const set: Deployment = { ...plain(), kind: 'StatefulSet' };
  const pod = '/spec/template/spec';
  const command = `${pod}/containers/0/command/0`;

  test.each<[what: string, kustomization: Parameters<typeof made>[0], said: string]>([
    ['no command', { objects: runs({ command: undefined }) }, command],
    ['a command that is null', { objects: runs({ command: null }) }, command],
    ['an empty command', { objects: runs({ command: [] }) }, 'invalid index: 0'],
    ['no container', { objects: has({ containers: [] }) }, 'containers/0'],
    ['a liveness probe', { objects: runs({ livenessProbe: probe }) }, 'livenessProbe failed'],
    ['a readiness probe', { objects: runs({ readinessProbe: probe }) }, 'readinessProbe failed'],
    ['a startup probe', { objects: runs({ startupProbe: probe }) }, 'startupProbe failed'],
    [
      'a grace period',
      { objects: has({ terminationGracePeriodSeconds: 30 }) },
      'terminationGracePeriodSeconds failed',
    ],
    [
      'an account besides the one that it has',
      { objects: has({ serviceAccountName: 'mailer' }) },
      'serviceAccountName failed',
    ],
    [
      'the same by the older name',
      { objects: has({ serviceAccount: 'mailer' }) },
      'serviceAccount failed',
    ],
    ['no account', { components: ['wrapper'] }, 'serviceAccountName` is missing'],
    ['several Deployments', { objects: [plain(), other] }, 'multiple matches'],
    ['no Deployment', { objects: [set] }, 'nothing selected by Deployment'],
    ['the wrapper twice', { components: ['account', 'wrapper', 'wrapper'] }, 'already registered'],
    [
      'probes without a wrapper behind them',
      { components: ['account', 'probes', 'wrapper'] },
      command,
    ],
  ])('%s', async (_, kustomization, said) => {
    await expect(made(kustomization)).rejects.toThrow(said);
  });
});
