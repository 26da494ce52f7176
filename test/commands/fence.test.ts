import { loadAllYaml } from '@kubernetes/client-node/dist/yaml.js';
import { describe, expect, it, test } from 'vitest';
import { fenceOptions, run } from '../../src/commands/fence.ts';
import { fencePolicy, type FencePlan } from '../../src/commands/fence-policy.ts';
import type { Call } from '../../src/commands/call.ts';
import { UsageError } from '../../src/errors.ts';

const must = '--lock demo -n jobs --for configmaps';

function options(words: string, env = {}): FencePlan {
  const read = fenceOptions(words.split(' '), env);
  if ('text' in read) throw new Error('help');
  return read;
}

it('is about what the account named as the lock writes in its namespace', () => {
  expect(options(must)).toEqual({
    lock: 'demo',
    lockKind: 'lease',
    namespace: 'jobs',
    serviceAccount: 'demo',
    by: 'identity',
    resources: [{ group: '', resource: 'configmaps' }],
    verbs: ['create', 'update', 'delete'],
    within: ['jobs'],
  });
});

describe('understands', () => {
  test.each<[words: string, expected: Partial<FencePlan>]>([
    ['--by token', { by: 'token', verbs: ['create', 'update'] }],
    ['--service-account worker', { serviceAccount: 'worker' }],
    ['--verbs patch,delete', { verbs: ['update', 'delete'] }],
    ['--verbs connect', { verbs: ['connect'] }],
    ['--in a,b', { within: ['a', 'b'] }],
    ['--in *', { within: 'all' }],
    ['--lock-kind endpoints', { lockKind: 'endpoints' }],
    ['--lock-kind configmap+lease --by token', { lockKind: 'configmap+lease' }],
    ['--lock-kind configmap --by token', { lockKind: 'configmap' }],
  ])('%s', (words, expected) => {
    expect(options(`${must} ${words}`)).toMatchObject(expected);
  });

  test('groups, subresources, and a name that is there twice', () => {
    const given = 'deployments.apps,deployments.apps,pods/eviction,things.v1.example.com';
    expect(options(`--lock demo -n jobs --for ${given}`).resources).toEqual([
      { group: 'apps', resource: 'deployments' },
      { group: '', resource: 'pods', subresource: 'eviction' },
      { group: 'v1.example.com', resource: 'things' },
    ]);
  });

  test('the namespace of the Pod', () => {
    const env = { POD_NAMESPACE: 'p' };
    expect(options('--lock demo --for configmaps', env)).toMatchObject({ namespace: 'p' });
  });
});

describe('refuses, with a hint,', () => {
  test.each<[words: string, says: string, hint: string]>([
    ['-n jobs --for configmaps', 'no lock given', 'add --lock'],
    ['--lock demo --for configmaps', 'namespace of the lock is not known', 'add --namespace'],
    ['--lock demo -n jobs', 'nothing to fence given', 'add --for'],
    ['--lock demo -n jobs --for configmap', "--for 'configmap': no resource", 'configmaps?'],
    ['--lock demo -n jobs --for deployments', 'no resource of the core group', 'deployments.apps'],
    ['--lock demo -n jobs --for Pods', 'not the plural of a resource', 'for example'],
    ['--lock demo -n jobs --for pods,', 'not the plural of a resource', 'for example'],
    ['--lock demo -n jobs --for events', 'Events tell', 'leave it out'],
    ['--lock demo -n jobs --for events.events.k8s.io', 'Events tell', 'leave it out'],
    ['--lock demo -n jobs --for leases.coordination.k8s.io', 'the kind of the lock', '--by token'],
    [`${must} --by name`, "--by 'name': not one of the choices", 'identity or token'],
    [`${must} --by token --verbs delete`, 'carries no object', '--by identity'],
    ['--lock demo -n jobs --for pods/status --by token', 'subresource cannot', '--by identity'],
    [`${must} --verbs get`, "'get' is no verb of a write", 'create,update'],
    [`${must} --in A`, "--in 'A': a namespace has", '--in jobs,reports'],
    [`${must} --service-account A`, 'not the name of a service account', 'for example'],
    [`${must} --lock-kind configmap+lease`, 'one object only', '--lock-kind configmap or lease'],
    [`--lock ${'l'.repeat(240)} -n jobs --for pods`, 'too long', 'at most 230'],
    [`${must} --backend local`, "unknown option '--backend'", '--help'],
  ])('%s', (words, says, hint) => {
    let thrown: unknown;
    try {
      options(words);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    expect((thrown as UsageError).message).toContain(says);
    expect((thrown as UsageError).hint).toContain(hint);
  });
});

describe('the objects', () => {
  const objects = (words: string) =>
    fencePolicy(options(words)) as { kind: string; spec: Record<string, unknown> }[];
  const specOf = (words: string, kind: string) =>
    objects(words).find((object) => object.kind === kind)?.spec;

  it('are the lock, a policy and its binding; by token no lock', () => {
    const kinds = (words: string) => objects(words).map(({ kind }) => kind);
    const both = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];
    expect(kinds(must)).toEqual(['Lease', ...both]);
    expect(kinds(`--lock demo -n jobs --for pods --lock-kind secret`)).toEqual(['Secret', ...both]);
    expect(kinds(`${must} --by token`)).toEqual(both);
  });

  it('deny what has no lock, and fail closed', () => {
    expect(specOf(must, 'ValidatingAdmissionPolicyBinding')).toMatchObject({
      paramRef: { name: 'demo', namespace: 'jobs', parameterNotFoundAction: 'Deny' },
      validationActions: ['Deny'],
    });
    expect(specOf(must, 'ValidatingAdmissionPolicy')).toMatchObject({ failurePolicy: 'Fail' });
  });

  it('cover subresources by identity, where an object has none to carry a token', () => {
    const rules = (words: string) =>
      specOf(words, 'ValidatingAdmissionPolicy')?.['matchConstraints'];
    expect(rules(must)).toMatchObject({
      resourceRules: [{ apiGroups: [''], resources: ['configmaps', 'configmaps/*'] }],
    });
    expect(rules(`${must} --by token`)).toMatchObject({
      resourceRules: [{ resources: ['configmaps'], operations: ['CREATE', 'UPDATE'] }],
    });
  });

  it('are about the namespaces that were named', () => {
    const within = (words: string) =>
      specOf(words, 'ValidatingAdmissionPolicyBinding')?.['matchResources'];
    const key = 'kubernetes.io/metadata.name';
    expect(within(must)).toEqual({ namespaceSelector: { matchLabels: { [key]: 'jobs' } } });
    expect(within(`${must} --in a,b`)).toEqual({
      namespaceSelector: { matchExpressions: [{ key, operator: 'In', values: ['a', 'b'] }] },
    });
    expect(within(`${must} --in *`)).toBeUndefined();
  });

  it('leave out what a candidate has to write', () => {
    const conditions = (words: string) =>
      JSON.stringify(specOf(words, 'ValidatingAdmissionPolicy')?.['matchConditions']);
    expect(conditions(must)).not.toContain('is-not');
    expect(conditions('--lock demo -n jobs --for pods,pods/status')).toContain(
      'is-not-its-own-pod',
    );
    expect(conditions(`${must} --by token --lock-kind configmap`)).toContain('is-not-the-lock');
  });
});

it('prints the same as YAML, also where a name looks like a number', async () => {
  let printed = '';
  const words = '--lock 123 -n 1e3 --for configmaps --service-account true';
  const call = { argv: words.split(' '), env: {}, stdout: (text: string) => (printed += text) };
  await run(call as unknown as Call);
  expect(JSON.parse(JSON.stringify(loadAllYaml(printed)))).toEqual(
    JSON.parse(JSON.stringify(fencePolicy(options(words)))),
  );
});

test('help fits into 80 columns', () => {
  const read = fenceOptions(['--lock', 'x', '-h'], {});
  const text = 'text' in read ? read.text : '';
  expect(text).toMatch(/^Usage: k8s-leader fence --lock NAME --for RESOURCES/);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
