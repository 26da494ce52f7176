/**
 * The policies of `k8s-leader fence`: what lets the API server itself refuse the writes of a former leader. Pure.
 *
 *     by identity   The Lease names the Pod that leads, and a Pod's token names the Pod that writes: they must be the same.
 *                   Each API server takes the Lease from its own cache, which lags by milliseconds.
 *     by token      Every write carries the fencing token of its term in an annotation, which may never fall. It is
 *                   compared with the object that the write replaces, in the write's own transaction: nothing lags.
 *
 * Both are about one service account: nobody else is hindered, so an administrator can always step in.
 */
import { resources, type ResourceKinds } from '../locks/kinds.ts';

/** Carries the fencing token of the term in which an object was written last. */
export const tokenAnnotation = 'k8s-leader.dev/fencing-token';

/** Where Kubernetes tells of the Pod that a token is bound to. */
export const podNameClaim = 'authentication.kubernetes.io/pod-name';

/** Where older electors keep the record. */
const recordAnnotation = 'control-plane.alpha.kubernetes.io/leader';

export const fenceForms = ['identity', 'token'] as const;
export type FenceForm = (typeof fenceForms)[number];

export const fencedVerbs = ['create', 'update', 'delete', 'connect'] as const;
export type FencedVerb = (typeof fencedVerbs)[number];

/** What the leader writes. */
export interface FencedResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  /** Undefined: the object itself, and by identity all that is below it. */
  readonly subresource: string | undefined;
}

export interface FencePlan {
  readonly lock: string;
  /** One kind, if the form looks at the record. */
  readonly lockKind: ResourceKinds;
  /** Of the lock. */
  readonly namespace: string;
  /** In that namespace. */
  readonly serviceAccount: string;
  readonly by: FenceForm;
  readonly resources: readonly FencedResource[];
  readonly verbs: readonly FencedVerb[];
  /** Where the leader writes. */
  readonly within: 'all' | readonly string[];
}

type Expression = Readonly<Record<string, string>>;

/** Of the policy and its binding. A namespace has no dot, so no two locks share a name. */
export function fenceName({ by, namespace, lock }: Pick<FencePlan, 'by' | 'namespace' | 'lock'>) {
  return `fence-by-${by}.${namespace}.${lock}`;
}

/**
 * The objects to apply. Among them is the lock, for it must exist: without it the server refuses such writes to everybody,
 * before it looks at the account (`parameterNotFoundAction`). To apply it says nothing about a record that is there.
 */
export function fencePolicy(plan: FencePlan): Record<string, unknown>[] {
  const { lock, namespace, by } = plan;
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const metadata = { name: fenceName(plan) };
  const form = by === 'identity' ? byIdentity(plan) : byToken(plan);
  const lockObject = { ...paramKindOf(plan), metadata: { name: lock, namespace } };
  return [
    ...(by === 'identity' ? [lockObject] : []),
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        ...(by === 'identity' ? { paramKind: paramKindOf(plan) } : {}),
        matchConstraints: { matchPolicy: 'Equivalent', resourceRules: rulesOf(plan) },
        matchConditions: [itsAccount(plan), ...exemptions(plan)],
        ...form,
      },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: {
        policyName: metadata.name,
        validationActions: ['Deny'],
        ...(by === 'identity'
          ? { paramRef: { name: lock, namespace, parameterNotFoundAction: 'Deny' } }
          : {}),
        ...(plan.within === 'all'
          ? {}
          : { matchResources: { namespaceSelector: selectorOf(plan.within) } }),
      },
    },
  ];
}

const paramKinds: Record<keyof typeof resources, Expression> = {
  lease: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
  configmap: { apiVersion: 'v1', kind: 'ConfigMap' },
  endpoints: { apiVersion: 'v1', kind: 'Endpoints' },
  secret: { apiVersion: 'v1', kind: 'Secret' },
};

function paramKindOf({ lockKind }: FencePlan): Expression {
  return paramKinds[lockKind as keyof typeof resources];
}

function rulesOf({ by, resources: fenced, verbs }: FencePlan): Record<string, unknown>[] {
  const byGroup = Map.groupBy(fenced, ({ group }) => group);
  return [...byGroup].map(([group, all]) => ({
    apiGroups: [group],
    apiVersions: ['*'],
    operations: verbs.map((verb) => verb.toUpperCase()),
    resources: all.flatMap(({ resource, subresource }) => {
      if (subresource !== undefined) return `${resource}/${subresource}`;
      return by === 'identity' ? [resource, `${resource}/*`] : resource;
    }),
  }));
}

function selectorOf(namespaces: readonly string[]): Record<string, unknown> {
  const key = 'kubernetes.io/metadata.name';
  const [only, ...more] = namespaces;
  return more.length === 0
    ? { matchLabels: { [key]: only } }
    : { matchExpressions: [{ key, operator: 'In', values: namespaces }] };
}

function itsAccount({ namespace, serviceAccount }: FencePlan): Expression {
  return {
    name: 'is-the-account',
    expression: `request.userInfo.username == 'system:serviceaccount:${namespace}:${serviceAccount}'`,
  };
}

/** Whether locks of that kind are among what is fenced. */
export function isLock({ group, resource }: FencedResource, kinds: ResourceKinds): boolean {
  return kinds.split('+').some((kind) => {
    const at = resources[kind as keyof typeof resources];
    return at.apiGroup === group && at.resource === resource;
  });
}

/** A candidate that does not lead has to write, too: to the lock, and to the label of its own Pod. */
function exemptions({ lock, lockKind, namespace, resources: fenced }: FencePlan): Expression[] {
  // The request that creates an object does not name it.
  const name = "(request.operation == 'CREATE' ? object.metadata.name : request.name)";
  const locks = lockKind.split('+').map((kind) => {
    const { apiGroup: group, resource } = resources[kind as keyof typeof resources];
    return { group, resource };
  });
  const pods = { group: '', resource: 'pods' };
  const isFenced = (kind: Kind) =>
    fenced.some(({ group, resource }) => group === kind.group && resource === kind.resource);
  return [
    ...locks.filter(isFenced).map((kind) => ({
      name: `is-not-the-lock-in-${kind.resource}`,
      expression: `!(${itIs(kind)} && request.namespace == '${namespace}' && ${name} == '${lock}')`,
    })),
    ...[pods].filter(isFenced).map((kind) => ({
      name: 'is-not-its-own-pod',
      expression: `!(${itIs(kind)} && request.operation == 'UPDATE' && request.name == ${podName})`,
    })),
  ];
}

type Kind = Pick<FencedResource, 'group' | 'resource'>;

function itIs({ group, resource }: Kind): string {
  return `request.resource.group == '${group}' && request.resource.resource == '${resource}'`;
}

/** Empty where a token is bound to none. */
const podName =
  `(has(request.userInfo.extra) && '${podNameClaim}' in request.userInfo.extra` +
  ` ? request.userInfo.extra['${podNameClaim}'][0] : '')`;

function byIdentity({ lock, lockKind, namespace }: FencePlan): Record<string, unknown> {
  const led = `'lock ${namespace}/${lock}: this Pod, ' + variables.pod + ', does not lead; the holder is "'`;
  return {
    variables: [
      { name: 'pod', expression: podName },
      { name: 'holder', expression: lockKind === 'lease' ? holderOfLease : holderInAnnotation },
    ],
    validations: [
      {
        expression: "variables.pod != ''",
        message: `lock ${namespace}/${lock}: the token is not bound to a Pod, so nobody knows whether it leads`,
        reason: 'Forbidden',
      },
      {
        expression: "variables.holder.startsWith(variables.pod + '_')",
        messageExpression: `${led} + variables.holder + '"'`,
        reason: 'Forbidden',
      },
    ],
  };
}

const holderOfLease =
  "has(params.spec) && has(params.spec.holderIdentity) ? params.spec.holderIdentity : ''";

/**
 * CEL cannot read JSON. The holder is a string without escapes, behind a key that the text of another string cannot
 * contain: there its quotes would be escaped.
 */
const holderInAnnotation =
  `(has(params.metadata.annotations) && '${recordAnnotation}' in params.metadata.annotations` +
  ` ? params.metadata.annotations['${recordAnnotation}'] : '')` +
  String.raw`.find(r'"holderIdentity": ?"[^"\\]*"')` +
  String.raw`.replace('"holderIdentity":', '').replace('"', '').trim()`;

function byToken({ lock, namespace }: FencePlan): Record<string, unknown> {
  const tokenOf = (object: string) =>
    `has(${object}.metadata.annotations) && '${tokenAnnotation}' in ${object}.metadata.annotations` +
    ` ? ${object}.metadata.annotations['${tokenAnnotation}'] : ''`;
  const number = "matches('^[1-9][0-9]{0,17}$')";
  return {
    variables: [
      { name: 'token', expression: tokenOf('object') },
      { name: 'newest', expression: `oldObject == null ? '' : (${tokenOf('oldObject')})` },
    ],
    validations: [
      {
        expression: `variables.token.${number}`,
        message: `lock ${namespace}/${lock}: the object needs the annotation ${tokenAnnotation} with the LEADER_FENCING_TOKEN of its writer`,
        reason: 'Forbidden',
      },
      {
        expression: `variables.newest == '' || variables.newest.${number}`,
        messageExpression: `'lock ${namespace}/${lock}: somebody has set the annotation ${tokenAnnotation} to "' + variables.newest + '", which is no token; remove it'`,
        reason: 'Forbidden',
      },
      {
        expression:
          `!variables.token.${number} || !variables.newest.${number}` +
          ' || int(variables.token) >= int(variables.newest)',
        messageExpression: `'lock ${namespace}/${lock}: token ' + variables.token + ' is older than ' + variables.newest + ', so its writer has a successor'`,
        reason: 'Forbidden',
      },
    ],
  };
}
