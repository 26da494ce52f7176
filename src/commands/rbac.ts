/** `k8s-leader rbac`: manifests that grant a candidate what it needs, and nothing else. */
import type { ResourceKinds } from '../locks/resources.ts';
import { needsOf, type Need, type Wishes } from './permissions.ts';

export interface RbacPlan extends Wishes {
  readonly lockKind: ResourceKinds;
  /** Left out where undefined: who applies it chooses. */
  readonly namespace: string | undefined;
  /** Undefined: one named as the lock is printed, too. */
  readonly serviceAccount: string | undefined;
}

/** A rule of a Role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The rules of a Role, one for all verbs on the same object. */
export function rulesFrom(needs: readonly Need[]): Rule[] {
  const together = Map.groupBy(needs, ({ apiGroup, resource, name }) =>
    [apiGroup, resource, name ?? ''].join('/'),
  );
  return [...together.values()].flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const { apiGroup, resource, name } = first;
    return {
      apiGroups: [apiGroup],
      resources: [resource],
      ...(name === undefined ? {} : { resourceNames: [name] }),
      verbs: same.map(({ verb }) => verb),
    };
  });
}

/** The objects to apply. */
export function manifests(plan: RbacPlan): Record<string, unknown>[] {
  const { lock, serviceAccount = lock } = plan;
  const inNamespace = plan.namespace === undefined ? {} : { namespace: plan.namespace };
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: `${lock}-lock`, ...inNamespace };
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: serviceAccount, ...inNamespace },
  };
  return [
    ...(plan.serviceAccount === undefined ? [account] : []),
    { apiVersion: `${apiGroup}/v1`, kind: 'Role', metadata, rules: rulesFrom(needsOf(plan)) },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, ...inNamespace }],
    },
  ];
}

const anyPod =
  '# Which Pods these will be is not known: get and patch are for every Pod of the\n' +
  '# namespace. --pod-names limits them, for example to those of a StatefulSet.\n';

/** The same as one YAML stream. */
export async function rbac(plan: RbacPlan): Promise<string> {
  const { dumpYaml } = await import('@kubernetes/client-node/dist/yaml.js');
  const documents = manifests(plan).map((object) => dumpYaml(object, { lineWidth: -1 }));
  return (plan.podLabel && !plan.podNames ? anyPod : '') + documents.join('---\n');
}
