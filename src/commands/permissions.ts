/** All that a candidate asks the cluster for, by its options: the one table from which `rbac` and `doctor` draw. */
import type { Permission } from '../kube/permission.ts';
import { lockPermissions, type ResourceKinds } from '../locks/kinds.ts';
import { ownerPermission, type Owner } from '../locks/owner.ts';

export interface NeedOptions {
  readonly lock: string;
  readonly lockKind: ResourceKinds;
  /** Whether it tells of its terms in Kubernetes Events. */
  readonly events: boolean;
  /** Whether it labels its own Pod. */
  readonly podLabel: boolean;
  /** Whether it takes over when the end of the leader's container is certified. */
  readonly takeoverOnExit: boolean;
  /** What the lock object is deleted with. */
  readonly owner?: Owner | undefined;
  /** The only Pods that it may be; any, where that is not known when the Role is written. */
  readonly podNames?: readonly string[] | undefined;
  /** Whether `doctor` may look at its Pod in any case. */
  readonly doctor?: boolean;
}

/** What each permission is for, in a few words, and the permission. */
export interface Need extends Permission {
  readonly part: 'lock' | 'owner' | 'events' | 'pod' | 'takeover';
  readonly purpose: string;
}

const lockPurposes: Partial<Record<Permission['verb'], string>> = {
  create: 'to create the lock',
  get: 'to read it',
  update: 'to lead',
  watch: 'to react at once; without it standbys poll',
};

/** The least with which everything works that was asked for. */
export function needsOf(wanted: NeedOptions): Need[] {
  const { lock, lockKind, owner, events, podLabel, takeoverOnExit, podNames } = wanted;
  const { doctor = false } = wanted;
  const core = { apiGroup: '' };
  const telling = 'to record Events; not needed with --no-events';
  const labelling = 'to label its own Pod; not needed without --pod-label';
  return [
    ...lockPermissions(lockKind, lock).map((permission) => ({
      ...permission,
      part: 'lock' as const,
      purpose: lockPurposes[permission.verb] ?? '',
    })),
    ...(owner
      ? [
          {
            ...ownerPermission(owner),
            part: 'owner' as const,
            purpose: 'to create the lock with its owner; not needed without --owner',
          },
        ]
      : []),
    ...(events
      ? [
          {
            ...core,
            part: 'events' as const,
            verb: 'create' as const,
            resource: 'events',
            purpose: telling,
          },
        ]
      : []),
    ...(podLabel ? (podNames ?? [undefined]) : []).flatMap((name) =>
      (['get', 'patch'] as const).map((verb) => ({
        ...core,
        part: 'pod' as const,
        verb,
        resource: 'pods',
        ...(name === undefined ? {} : { name }),
        purpose: labelling,
      })),
    ),
    ...(doctor && !podLabel
      ? [
          {
            ...core,
            part: 'pod' as const,
            verb: 'get' as const,
            resource: 'pods',
            purpose: 'to check the grace period',
          },
        ]
      : []),
    ...(takeoverOnExit ? (podNames ?? [undefined]) : []).map((name) => ({
      ...core,
      part: 'takeover' as const,
      verb: 'watch' as const,
      resource: 'pods',
      ...(name === undefined ? {} : { name }),
      purpose: "to see the end of the leader's container; not needed without --takeover-on-exit",
    })),
  ];
}
