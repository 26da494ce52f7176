import { loadAllYaml } from '@kubernetes/client-node/dist/yaml.js';
import { describe, expect, it, test } from 'vitest';
import { asYaml, manifests, rulesFrom } from '../../src/commands/rbac.ts';
import { needsOf } from '../../src/commands/permissions.ts';

const plan = {
  lock: 'demo',
  lockKind: 'lease',
  namespace: 'jobs',
  serviceAccount: undefined,
  events: false,
  podLabel: false,
  takeoverOnExit: false,
} as const;

const rules = (requests: Partial<Parameters<typeof needsOf>[0]>) =>
  rulesFrom(needsOf({ ...plan, ...requests }));

const core = { apiGroups: [''] };
const lease = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };

describe('the rules', () => {
  it('let a candidate create any, but touch only its own', () => {
    expect(rules({})).toEqual([
      { ...lease, verbs: ['create'] },
      { ...lease, resourceNames: ['demo'], verbs: ['get', 'update', 'watch'] },
    ]);
  });

  test.each([
    ['configmap', 'configmaps'],
    ['endpoints', 'endpoints'],
    ['secret', 'secrets'],
  ] as const)('are about the %s that was chosen', (lockKind, resource) => {
    expect(rules({ lockKind })).toEqual([
      { ...core, resources: [resource], verbs: ['create'] },
      {
        ...core,
        resources: [resource],
        resourceNames: ['demo'],
        verbs: ['get', 'update', 'watch'],
      },
    ]);
  });

  it('are those of both kinds of a pair', () => {
    const both = [...rules({ lockKind: 'configmap' }), ...rules({ lockKind: 'lease' })];
    expect(rules({ lockKind: 'configmap+lease' })).toEqual(both);
  });

  it('have Events and Pods only when asked for', () => {
    expect(rules({ events: true, podLabel: true }).slice(2)).toEqual([
      { ...core, resources: ['events'], verbs: ['create'] },
      { ...core, resources: ['pods'], verbs: ['get', 'patch'] },
    ]);
  });

  it('let the doctor look at its Pod when asked for', () => {
    const pods = { ...core, resources: ['pods'] };
    expect(rules({ doctor: true }).slice(2)).toEqual([{ ...pods, verbs: ['get'] }]);
    // A candidate that labels its Pod may do that already.
    const both = rules({ doctor: true, podLabel: true }).slice(2);
    expect(both).toEqual([{ ...pods, verbs: ['get', 'patch'] }]);
  });

  it('are for the Pods that are named alone', () => {
    const [db0, db1] = ['db-0', 'db-1'];
    expect(rules({ podLabel: true, podNames: [db0, db1] }).slice(2)).toEqual([
      { ...core, resources: ['pods'], resourceNames: [db0], verbs: ['get', 'patch'] },
      { ...core, resources: ['pods'], resourceNames: [db1], verbs: ['get', 'patch'] },
    ]);
  });

  it('are to watch the Pods of all, when that is asked for', () => {
    const pods = { ...core, resources: ['pods'] };
    expect(rules({ takeoverOnExit: true }).slice(2)).toEqual([{ ...pods, verbs: ['watch'] }]);
    expect(rules({ takeoverOnExit: true, podLabel: true, podNames: ['a'] }).slice(2)).toEqual([
      { ...pods, resourceNames: ['a'], verbs: ['get', 'patch', 'watch'] },
    ]);
  });

  it('say so when they are for any Pod', async () => {
    const any = await asYaml({ ...plan, podLabel: true });
    expect(any).toMatch(/^# .* not known: get and patch are for every Pod/);
    expect(await asYaml({ ...plan, podLabel: true, podNames: ['a'] })).not.toContain('#');
    expect(await asYaml({ ...plan, doctor: true })).toMatch(/^# .* not known: get is for every/);
    expect(await asYaml({ ...plan, takeoverOnExit: true })).toMatch(/^# .*: watch is for every/);
    expect(await asYaml(plan)).not.toContain('#');
  });
});

describe('the manifests', () => {
  const kinds = (over: object) => manifests({ ...plan, ...over }).map(({ kind }) => kind);

  it('make an account unless one is named', () => {
    expect(kinds({})).toEqual(['ServiceAccount', 'Role', 'RoleBinding']);
    expect(kinds({ serviceAccount: 'worker' })).toEqual(['Role', 'RoleBinding']);
  });

  it('bind the account that is named', () => {
    const [, binding] = manifests({ ...plan, serviceAccount: 'worker' });
    const subject = { kind: 'ServiceAccount', name: 'worker', namespace: 'jobs' };
    expect(binding).toMatchObject({ subjects: [subject] });
  });

  it('name no namespace when none is known', () => {
    expect(JSON.stringify(manifests({ ...plan, namespace: undefined }))).not.toContain('namespace');
  });
});

it('the YAML says what the manifests say, also where a name looks like a number', async () => {
  for (const odd of ['123', 'true', 'null', '1e3', '0x1f', 'y', '2026-11-21']) {
    const odder = { ...plan, lock: odd, namespace: odd, events: true };
    const read = loadAllYaml(await asYaml(odder)) as unknown[];
    expect(JSON.parse(JSON.stringify(read))).toEqual(manifests(odder));
  }
});
