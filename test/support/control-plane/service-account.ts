/** Service accounts as an operator would set them up, made by hand because no controllers run. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiAnswer, ApiObject, ApiRequest } from './api-request.ts';

/** One rule of a Role. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Who may do what, and where. */
export interface ServiceAccountOptions {
  /** Created when absent. */
  readonly namespace: string;
  /** Of the service account, its Role and its RoleBinding. */
  readonly name: string;
  readonly rules: readonly PolicyRule[];
}

/** The least-privilege Role, but for the name of the Lease: to hold it, and to watch it. */
export const minimalLeaseRules: readonly PolicyRule[] = [
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'create', 'update', 'watch'],
  },
];

const effectiveWithinMs = 10_000;
const askEveryMs = 10;

/**
 * Creates everything, waits until the authorizer knows of it, and returns a token from the
 * TokenRequest API.
 */
export async function createServiceAccount(
  request: ApiRequest,
  options: ServiceAccountOptions,
): Promise<string> {
  const { namespace, name, rules } = options;
  const metadata = { name, namespace };
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;

  const create = async (path: string, body: object): Promise<void> => {
    const answer = await request('POST', path, body);
    if (answer.status !== 201) throw refused(path, answer);
  };
  await createNamespace(request, namespace);
  await create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata });
  await create(`${rbac}/roles`, { metadata, rules });
  await create(`${rbac}/rolebindings`, {
    metadata,
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
  });
  const token = await requestToken(request, namespace, name);
  await untilEffective(request, token, options);
  return token;
}

async function createNamespace(request: ApiRequest, name: string): Promise<void> {
  const answer = await request('POST', '/api/v1/namespaces', { metadata: { name } });
  const exists = answer.status === 201 || answer.body.reason === 'AlreadyExists';
  if (!exists) throw refused(`namespace ${name}`, answer);
}

async function requestToken(request: ApiRequest, namespace: string, name: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  type TokenRequest = ApiObject & { readonly status?: { readonly token?: string } };
  // By default it would live for an hour, less than a soak.
  const spec = { expirationSeconds: 86_400 };
  const answer = await request<TokenRequest>('POST', path, { spec });
  const token = answer.body.status?.token;
  if (token === undefined) throw refused(path, answer);
  return token;
}

function refused(what: string, { status, body }: ApiAnswer): Error {
  return new Error(`${what}: ${status} ${body.message ?? ''}`);
}

/** The authorizer learns of a Role a moment after it is written; of all its rules at once. */
async function untilEffective(
  request: ApiRequest,
  token: string,
  { namespace, rules }: ServiceAccountOptions,
): Promise<void> {
  const [rule] = rules;
  if (!rule) return;
  const [resource, subresource] = (rule.resources[0] ?? '').split('/');
  const resourceAttributes = {
    namespace,
    verb: rule.verbs[0],
    group: rule.apiGroups[0],
    resource,
    subresource,
    name: rule.resourceNames?.[0],
  };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const deadline = performance.now() + effectiveWithinMs;
  for (;;) {
    const review = await request<{ status?: { allowed?: boolean } }>(
      'POST',
      path,
      { spec: { resourceAttributes } },
      { token },
    );
    if (review.body.status?.allowed) return;
    if (performance.now() > deadline)
      throw new Error(`a role in ${namespace} had no effect in ${effectiveWithinMs} ms`);
    await delay(askEveryMs);
  }
}
