/** Where in the API each kind of lock is, and what a candidate needs to be allowed there. */
import type { Permission } from '../kube/permission.ts';

/** By what the command line calls the kind. */
export const resources = {
  lease: { apiGroup: 'coordination.k8s.io', resource: 'leases' },
  configmap: { apiGroup: '', resource: 'configmaps' },
  endpoints: { apiGroup: '', resource: 'endpoints' },
  secret: { apiGroup: '', resource: 'secrets' },
} as const;

/** A kind, or several that are held together, joined by `+`. */
export type ResourceKinds = keyof typeof resources | `${string}+${string}`;

/** The least that a candidate for the lock of that name needs. A create cannot be limited by name. */
export function lockPermissions(kinds: ResourceKinds, name: string): Permission[] {
  return kinds.split('+').flatMap((kind): Permission[] => {
    const at = resources[kind as keyof typeof resources];
    return [
      { verb: 'create', ...at },
      { verb: 'get', ...at, name },
      { verb: 'update', ...at, name },
      { verb: 'watch', ...at, name },
    ];
  });
}
