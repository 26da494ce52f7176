/** What `kubectl apply -f -` would do with manifests, as those of `k8s-leader rbac`, and then being that account. */
import { loadAllYaml } from '@kubernetes/client-node/dist/yaml.js';
import type { ApiObject } from '../../support/control-plane.ts';
import type { Account } from './accounts.ts';
import { lock, type Contest } from './contest.ts';
import { until } from './until.ts';

/** Where objects of its kind are, in a namespace. */
export function collectionOf(
  namespace: string,
  { apiVersion = '', kind = '' }: Pick<ApiObject, 'apiVersion' | 'kind'>,
): string {
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${root}/namespaces/${namespace}/${kind.toLowerCase()}s`;
}

/** Creates every object of a YAML stream in the namespace of the contest. */
export async function apply({ controlPlane, namespace }: Contest, yaml: string): Promise<void> {
  for (const object of loadAllYaml(yaml) as ApiObject[]) {
    const path = collectionOf(namespace, object);
    const { status, body } = await controlPlane.request('POST', path, object);
    if (status !== 201) throw new Error(`${object.kind ?? ''}: ${status} ${body.message ?? ''}`);
  }
}

/** Runs `k8s-leader rbac` for the lock of the contest, and returns what it prints. */
export async function printedRbac(contest: Contest, flags: readonly string[]): Promise<string> {
  const inNamespace = ['--lock', lock, '--namespace', contest.namespace];
  const rbac = await contest.start(['rbac', ...inNamespace, ...flags]);
  const { code } = await rbac.ended;
  if (code !== 0) throw new Error(`rbac ended with ${code ?? 'a signal'}: ${rbac.stderr}`);
  return rbac.stdout;
}

/** The account of that name, once it may do what was granted, of which `verb` on `resource` is a part. */
export async function accountOf(
  { controlPlane, namespace }: Contest,
  name: string,
  may: { readonly verb: string; readonly group: string; readonly resource: string },
): Promise<Account> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  type TokenRequest = ApiObject & { readonly status: { readonly token: string } };
  const { body } = await controlPlane.request<TokenRequest>('POST', path, { spec: {} });
  const { token } = body.status;
  await until(`${name} may ${may.verb} ${may.resource}`, async () => {
    const review = await controlPlane.request<{ status: { allowed: boolean } }>(
      'POST',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      { spec: { resourceAttributes: { namespace, ...may } } },
      { token },
    );
    return review.body.status.allowed;
  });
  const kubeconfig = await controlPlane.kubeconfig({ user: { token }, namespace });
  return { name, token, kubeconfig };
}
