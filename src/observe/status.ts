/**
 * `/status`: what can be seen, as JSON. Its form is a promise; docs/observe.md describes it, and a test compares. It
 * tells nothing that is not in the lock, in our command line but for CMD's, or in the process table.
 */
import { shellStatus } from '../child/exit-status.ts';
import { isLeader, livez, readyz } from './probes.ts';
import type { CommandState, Role, View } from './state.ts';

export interface Status {
  readonly version: string;
  readonly lock: string;
  readonly lockKind: string;
  readonly namespace: string | null;
  readonly identity: string;
  readonly role: 'looking' | 'standby' | 'leader' | 'suspended' | 'lost';
  /** When that began: RFC 3339. */
  readonly since: string;
  readonly live: boolean;
  readonly ready: boolean;
  readonly leader: { readonly identity: string; readonly since: string | null } | null;
  readonly transitions: number | null;
  readonly fencingToken: string | null;
  /** Seconds until the term is lost unless a renewal is acknowledged. Null where nothing is led. */
  readonly trustLeftSeconds: number | null;
  readonly inReach: boolean;
  readonly loss: string | null;
  readonly command: {
    readonly state: CommandState['kind'];
    readonly pid: number | null;
    /** Why it is being stopped. */
    readonly reason: string | null;
    /** As a shell would report it. */
    readonly exitStatus: number | null;
  };
}

const roles: Record<Role['kind'], Status['role']> = {
  looking: 'looking',
  'standing-by': 'standby',
  leading: 'leader',
  suspended: 'suspended',
  lost: 'lost',
};

export function statusOf(view: View): Status {
  const { facts, namespace, state, trust } = view;
  const { role, leader, command } = state;
  return {
    ...facts,
    namespace: namespace ?? null,
    role: roles[role.kind],
    since: rfc3339(state.sinceMs) ?? '',
    live: livez(view).ok,
    ready: readyz(view).ok,
    leader: leader ? { identity: leader.identity, since: rfc3339(leader.sinceMs) ?? null } : null,
    transitions: state.transitions ?? null,
    fencingToken: 'fencingToken' in role ? role.fencingToken : null,
    trustLeftSeconds: isLeader(view) ? inSeconds(trust?.leftMs ?? 0) : null,
    inReach: state.isInReach,
    loss: role.kind === 'lost' ? role.loss.kind : null,
    command: {
      state: command.kind,
      pid: 'pid' in command ? (command.pid ?? null) : null,
      reason: command.kind === 'stopping' ? command.reason : null,
      exitStatus: command.kind === 'ended' ? shellStatus(command.status) : null,
    },
  };
}

/** To the millisecond. */
function inSeconds(ms: number): number {
  return Math.max(0, Math.round(ms)) / 1_000;
}

/** Undefined for what is no time: a record may say anything. */
function rfc3339(ms: number | undefined): string | undefined {
  const time = new Date(ms ?? NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
