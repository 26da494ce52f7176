/** `k8s-leader doctor` on a real server: silent about what is well, by name about what is not, and without effect. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { tlsFile } from '../support/api-server.ts';
import { leaseRules, type Verb } from './support/accounts.ts';
import { accountOf, apply, printedRbac } from './support/applied.ts';
import { lock, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { until } from './support/until.ts';

const verbs = ['get', 'create', 'update', 'watch'] as const;

interface Diagnosis {
  readonly code: number | null;
  /** `✗ permission`, and what is said about it. */
  readonly lines: readonly string[];
  /** Those that tell what to do. */
  readonly ills: readonly string[];
}

async function doctor(
  contest: Contest,
  kubeconfig: string,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Diagnosis> {
  // What most accounts here may not: Events have a test of their own.
  const events = flags.includes('--events') ? [] : ['--no-events'];
  const words = ['doctor', '--lock', lock, '--kubeconfig', kubeconfig, ...events, ...flags];
  const program = await contest.start(words, { env });
  const { code } = await program.ended;
  expect(program.stderr).toBe('');
  const lines = program.stdout.split('\n').slice(0, -1);
  for (const line of lines) expect(line).toMatch(/^[✓✗–] [\w -]+: \P{Cc}+$/u);
  return { code, lines, ills: lines.filter((line) => line.startsWith('✗')) };
}

const inNeedOf = (verb: Verb) => leaseRules(...verbs.filter((other) => other !== verb));

describe.concurrent('all is well', () => {
  test.for([
    ['lease', { group: 'coordination.k8s.io', resource: 'leases' }],
    ['configmap', { group: '', resource: 'configmaps' }],
    ['endpoints', { group: '', resource: 'endpoints' }],
    ['secret', { group: '', resource: 'secrets' }],
  ] as const)('with the Role that rbac prints for a %s', async ([kind, object], { contest }) => {
    await apply(contest, await printedRbac(contest, ['--events', '--lock-kind', kind]));
    const { kubeconfig } = await accountOf(contest, lock, { verb: 'create', ...object });
    const { code, lines, ills } = await doctor(contest, kubeconfig, [
      '--events',
      '--lock-kind',
      kind,
    ]);
    expect([code, ills]).toEqual([0, []]);
    const user = `system:serviceaccount:${contest.namespace}:${lock}`;
    for (const said of [
      `✓ configuration: context "test" of ${kubeconfig}, namespace ${contest.namespace}`,
      `✓ server: 127.0.0.1:${contest.controlPlane.port}, v1.`,
      '✓ TLS: the certificate is valid for 127.0.0.1',
      `✓ identity: ${user}, shown as the holder`,
      `✓ permission: create ${object.resource}`,
      ...['get', 'update', 'watch'].map(
        (verb) => `✓ permission: ${verb} ${object.resource} "demo"`,
      ),
      '✓ permission: create events',
      '✓ lock: it does not exist yet',
      '✓ dry run: a claim would be accepted',
      '✓ clock: agrees with the server',
      '✓ round trip: ',
      '✓ keeper: ',
    ])
      expect(lines).toContainEqual(expect.stringContaining(said));
  });

  test('also where somebody leads, and nothing is written', async ({ contest }) => {
    await contest.createLease({ holderIdentity: 'somebody', leaseDurationSeconds: 15 });
    const before = await contest.lease();
    const { kubeconfig } = await contest.account('a');
    const { code, lines, ills } = await doctor(contest, kubeconfig);
    expect([code, ills]).toEqual([0, []]);
    expect(lines).toContain('✓ lock: held by "somebody"');
    expect(lines).toContain('✓ dry run: a claim would be accepted');
    expect(await contest.lease()).toEqual(before);
  });

  test('where nobody has ever led, and the Lease is not made', async ({ contest }) => {
    const { kubeconfig } = await contest.account('a');
    expect((await doctor(contest, kubeconfig)).code).toBe(0);
    expect(await contest.lease()).toBeUndefined();
  });
});

describe.concurrent('a Role without', () => {
  test.for(verbs)('%s is found by that name, and ends with 77', async (verb, { contest }) => {
    const { kubeconfig } = await contest.account('a', inNeedOf(verb));
    const { code, ills } = await doctor(contest, kubeconfig);
    expect(code).toBe(77);
    const names = verb === 'create' ? '' : `resourceNames ["${lock}"], `;
    expect(ills).toEqual([
      expect.stringMatching(new RegExp(`^✗ permission: ${verb} leases.* is missing`)),
    ]);
    expect(ills[0]).toContain(
      `add to a Role in namespace "${contest.namespace}": apiGroups ["coordination.k8s.io"], ` +
        `resources ["leases"], ${names}verbs ["${verb}"]`,
    );
  });
});

test('Events that may not be created are found, and told how to do without', async ({
  contest,
}) => {
  const { kubeconfig } = await contest.account('a');
  const { code, ills } = await doctor(contest, kubeconfig, ['--events']);
  expect(code).toBe(77);
  expect(ills).toEqual([
    expect.stringMatching(
      /^✗ permission: create events is missing, .*--no-events.*verbs \["create"\]$/,
    ),
  ]);
});

describe.concurrent('what else is wrong:', () => {
  test.for([
    ['refuse', /connection refused/],
    ['swallow', /no answer/],
  ] as const)(
    'a server that one can only %s ends with 69',
    async ([fault, reason], { contest }) => {
      const proxy = await contest.proxy();
      await proxy.set(fault);
      const kubeconfig = await contest.controlPlane.kubeconfig({ server: proxy.url });
      const { code, ills } = await doctor(contest, kubeconfig, ['--request-timeout=1s']);
      expect([code, ills]).toEqual([69, [expect.stringMatching(reason)]]);
    },
  );

  test('a server that somebody else has certified ends with 69', async ({ contest }) => {
    const { kubeconfig: path } = await contest.account('a');
    const config = (await readFile(path, 'utf8')).replace(
      contest.controlPlane.caFile,
      tlsFile('unrelated-ca.crt'),
    );
    await writeFile(`${path}-wrong-ca`, config);
    const { code, ills } = await doctor(contest, `${path}-wrong-ca`);
    expect(code).toBe(69);
    expect(ills).toEqual([expect.stringMatching(/^✗ server: .*CA; check certificate-authority$/)]);
  });

  test('a kubeconfig that is not there ends with 69', async ({ contest }) => {
    const { code, ills } = await doctor(contest, '/nowhere/config');
    const said = '✗ configuration: the kubeconfig /nowhere/config does not exist';
    expect([code, ills]).toEqual([69, [said]]);
  });

  test('a wrong token ends with 77', async ({ contest }) => {
    const user = { token: 'wrong' };
    const kubeconfig = await contest.controlPlane.kubeconfig({ user });
    const { code, ills } = await doctor(contest, kubeconfig);
    expect(code).toBe(77);
    expect(ills).toEqual([expect.stringMatching(/^✗ server: .*does not accept our credentials/)]);
  });

  test('a namespace that does not exist ends with 69', async ({ contest }) => {
    const kubeconfig = await contest.controlPlane.kubeconfig({ namespace: 'no-such' });
    const { code, ills } = await doctor(contest, kubeconfig);
    expect(code).toBe(69);
    expect(ills).toEqual([
      '✗ dry run: there is no namespace "no-such"; create it, or choose another',
    ]);
  });

  test('a command that is not there ends with 78', async ({ contest }) => {
    const { kubeconfig } = await contest.account('a');
    const { code, ills } = await doctor(contest, kubeconfig, ['--', '/nowhere/cmd']);
    expect([code, ills]).toEqual([78, [expect.stringContaining('"/nowhere/cmd" was not found')]]);
  });

  test('round trips too long for the timings end with 78', async ({ contest }) => {
    const { kubeconfig } = await contest.account('a');
    const hasty = ['--retry-period=1ms', '--renew-deadline=500ms', '--lease-duration=1s'];
    const { code, ills } = await doctor(contest, kubeconfig, [...hasty, '--request-timeout=5s']);
    expect(code).toBe(78);
    expect(ills).toEqual([expect.stringMatching(/^✗ round trip: .*raise --retry-period/)]);
  });
});

describe.concurrent('the Pod', () => {
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  const create = async ({ controlPlane, namespace }: Contest, seconds: number) => {
    const path = `/api/v1/namespaces/${namespace}`;
    await controlPlane.request('POST', `${path}/serviceaccounts`, {
      metadata: { name: 'default' },
    });
    const { status } = await controlPlane.request('POST', `${path}/pods`, {
      metadata: { name: 'pod' },
      spec: { ...spec, terminationGracePeriodSeconds: seconds },
    });
    expect(status).toBe(201);
  };
  const getPods = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };

  test.for([
    [30, 0, /^✓ grace period: 30s, --stop-timeout 25s$/],
    [26, 78, /^✗ grace period: .* is 26, too short .*; raise it to 30 at least/],
  ] as const)('with %i s of grace ends with %i', async ([seconds, code, said], { contest }) => {
    await create(contest, seconds);
    const { kubeconfig } = await contest.account('a', [...leaseRules(...verbs), getPods]);
    const env = { POD_NAME: 'pod', POD_NAMESPACE: contest.namespace };
    const found = await doctor(contest, kubeconfig, [], env);
    expect(found.code).toBe(code);
    expect(found.lines).toContainEqual(expect.stringMatching(said));
  });

  test('that may not be looked at is no illness', async ({ contest }) => {
    const { kubeconfig } = await contest.account('a');
    const env = { POD_NAME: 'pod', POD_NAMESPACE: contest.namespace };
    const { code, lines } = await doctor(contest, kubeconfig, [], env);
    expect(code).toBe(0);
    expect(lines).toContain(
      '– grace period: unknown: needs the verb "get" on pods; `k8s-leader rbac --doctor` grants it',
    );
  });
});

describe.concurrent('with --pod-label, a Role without', () => {
  test.for(['get', 'patch'] as const)('%s on the own Pod is found', async (verb, { contest }) => {
    const other = verb === 'get' ? 'patch' : 'get';
    const pods = { apiGroups: [''], resources: ['pods'], verbs: [other], resourceNames: ['pod'] };
    const { kubeconfig } = await contest.account('a', [...leaseRules(...verbs), pods]);
    const env = { POD_NAME: 'pod', POD_NAMESPACE: contest.namespace };
    const { code, ills, lines } = await doctor(contest, kubeconfig, ['--pod-label=x'], env);
    expect(code).toBe(77);
    expect(ills).toEqual([expect.stringContaining(`✗ permission: ${verb} pods "pod" is missing`)]);
    expect(lines).toContain(`✓ permission: ${other} pods "pod"`);
  });

  test('get on the lock is not taken for having that on the Pod', async ({ contest }) => {
    const pods = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'patch'] };
    const { kubeconfig } = await contest.account('a', [...inNeedOf('get'), pods]);
    const env = { POD_NAME: 'pod', POD_NAMESPACE: contest.namespace };
    const { ills } = await doctor(contest, kubeconfig, ['--pod-label=x'], env);
    expect(ills).toEqual([expect.stringContaining('✗ permission: get leases "demo" is missing')]);
  });

  test('anything, outside of a pod, is told so', async ({ contest }) => {
    const { kubeconfig } = await contest.account('a');
    const { code, ills } = await doctor(contest, kubeconfig, ['--pod-label=x']);
    expect([code, ills]).toEqual([78, [expect.stringContaining('this is no pod')]]);
  });
});

test('a pair is examined in both of its objects', async ({ contest }) => {
  const lockKind = ['--lock-kind', 'configmap+lease'];
  await apply(contest, await printedRbac(contest, lockKind));
  const lease = { verb: 'create', group: 'coordination.k8s.io', resource: 'leases' };
  const { kubeconfig } = await accountOf(contest, lock, lease);
  const { code, lines, ills } = await doctor(contest, kubeconfig, lockKind);
  expect([code, ills]).toEqual([0, []]);
  expect(lines.filter((line) => line.startsWith('✓ permission'))).toHaveLength(8);
  expect(lines).toContain('✓ dry run: a claim would be accepted');
  expect(await contest.lease()).toBeUndefined();
});

test('a claim that a policy refuses is found, and ends with 77', async ({ contest }) => {
  const { controlPlane, namespace } = contest;
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const name = `no-${namespace}`;
  const matchConstraints = {
    resourceRules: [
      {
        apiGroups: ['coordination.k8s.io'],
        apiVersions: ['v1'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['leases'],
      },
    ],
  };
  const validations = [{ expression: 'false', message: 'leases are not for everybody' }];
  const policies = `/apis/${apiVersion}/validatingadmissionpolicies`;
  const created = await controlPlane.request('POST', policies, {
    metadata: { name },
    spec: { failurePolicy: 'Fail', matchConstraints, validations },
  });
  expect(created.status).toBe(201);
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
  await controlPlane.request('POST', policies.replace('policies', 'policybindings'), {
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'], matchResources: { namespaceSelector } },
  });
  const { kubeconfig } = await contest.account('a');
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases?dryRun=All`;
  await until('the policy is in force', async () => {
    const probe = await controlPlane.request('POST', leases, { metadata: { name: 'probe' } });
    return probe.status !== 201;
  });
  const { code, ills } = await doctor(contest, kubeconfig);
  expect(code).toBe(77);
  expect(ills).toEqual([expect.stringMatching(/^✗ dry run: .*leases are not for everybody/)]);
});
