/** The Lease of a contest as the administrator sees and changes it. */
import type { ApiAnswer, ApiObject, ApiRequest } from '../../support/control-plane.ts';
import { until } from './until.ts';

export interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number | null;
  readonly strategy?: string | null;
}

export type Lease = ApiObject & {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly uid: string;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly object[];
  };
  readonly spec: LeaseSpec;
};

export interface LeaseClient {
  /** Undefined when there is none. */
  lease(): Promise<Lease | undefined>;
  /** The Lease once it is as wanted. */
  leaseOnce(isWanted: (spec: LeaseSpec) => boolean): Promise<Lease>;
  createLease(spec: LeaseSpec, metadata?: object): Promise<Lease>;
  /** Changes it whatever it is like, as `kubectl patch` does. */
  patchLease(patch: object): Promise<Lease>;
  deleteLease(): Promise<void>;
}

export function isReleased({ holderIdentity, leaseDurationSeconds }: LeaseSpec): boolean {
  return holderIdentity === '' && leaseDurationSeconds === 1;
}

export function leaseAt(
  request: ApiRequest,
  { namespace, name }: { namespace: string; name: string },
): LeaseClient {
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const path = `${leases}/${name}`;
  const done = ({ status, body }: ApiAnswer<Lease>): Lease => {
    if (status >= 300) throw new Error(`the Lease: ${status} ${body.message ?? ''}`);
    return body;
  };
  const lease = async (): Promise<Lease | undefined> => {
    const answer = await request<Lease>('GET', path);
    return answer.status === 404 ? undefined : done(answer);
  };
  return {
    lease,
    leaseOnce: (isWanted) =>
      until('the Lease is as wanted', async () => {
        const found = await lease();
        return found && isWanted(found.spec) && found;
      }),
    async createLease(spec, metadata = {}) {
      return done(await request('POST', leases, { metadata: { name, ...metadata }, spec }));
    },
    async patchLease(patch) {
      return done(await request('PATCH', path, patch));
    },
    async deleteLease() {
      done(await request('DELETE', path));
    },
  };
}
