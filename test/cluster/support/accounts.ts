/** The service accounts of a contest: made, changed and taken away by the administrator. */
import { randomUUID } from 'node:crypto';
import {
  minimalLeaseRules,
  type ApiAnswer,
  type ApiObject,
  type ControlPlane,
  type PolicyRule,
} from '../../support/control-plane.ts';

export interface Account {
  readonly name: string;
  readonly token: string;
  readonly kubeconfig: string;
}

export interface RevocableToken {
  readonly token: string;
  /** Takes effect when the server forgets that it once accepted it: after 10 s. */
  revoke(): Promise<void>;
  isRefused(): Promise<boolean>;
}

export type Verb = 'get' | 'create' | 'update' | 'watch';

/** The Role that electors ask for everywhere: enough to hold a Lease, not to watch it. */
export const withoutWatch: readonly Verb[] = ['get', 'create', 'update'];

/** A Role with these verbs for Leases. */
export function leaseRules(...verbs: readonly Verb[]): PolicyRule[] {
  return [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs }];
}

export interface Accounts {
  /** Creates one that may get, create, update and watch Leases and nothing else, unless rules say otherwise. */
  account(name: string, rules?: readonly PolicyRule[]): Promise<Account>;
  setRules(name: string, rules: readonly PolicyRule[]): Promise<void>;
  /** Takes its tokens away, too. */
  deleteAccount(name: string): Promise<void>;
  /** Another token of the account, which ends with the Secret that it is bound to. */
  revocableToken(name: string): Promise<RevocableToken>;
}

export function accountsIn(controlPlane: ControlPlane, namespace: string): Accounts {
  const core = `/api/v1/namespaces/${namespace}`;
  const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`;
  const ask = async <Body = ApiObject>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Body> => {
    const answer: ApiAnswer<Body> = await controlPlane.request<Body>(method, path, body);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path}: ${answer.status}`);
  };
  return {
    async account(name, rules = minimalLeaseRules) {
      const options = { namespace, name, rules };
      const { token, kubeconfigPath } = await controlPlane.serviceAccount(options);
      return { name, token, kubeconfig: kubeconfigPath };
    },
    async setRules(name, rules) {
      await ask('PATCH', `${roles}/${name}`, { rules });
    },
    async deleteAccount(name) {
      await ask('DELETE', `${core}/serviceaccounts/${name}`);
    },
    async revocableToken(account) {
      const name = randomUUID();
      const { metadata } = await ask('POST', `${core}/secrets`, { metadata: { name } });
      const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name, uid: metadata?.uid };
      const path = `${core}/serviceaccounts/${account}/token`;
      interface TokenRequest {
        readonly status: { readonly token: string };
      }
      const { status } = await ask<TokenRequest>('POST', path, { spec: { boundObjectRef } });
      return {
        token: status.token,
        async revoke() {
          await ask('DELETE', `${core}/secrets/${name}`);
        },
        async isRefused() {
          return (await controlPlane.request('GET', '/api', undefined, status)).status === 401;
        },
      };
    },
  };
}
