/**
 * What the events so far come to: a pure reducer, from which probes, status and gauges are read.
 *
 *     ──▶ looking ── somebody else leads, or may lead ──▶ standing-by
 *            ▲ │                                               │
 *            │ └──────────────── elected ──▶ leading ◀─────────┘
 *            │                               │  ▲ │
 *            │      the machine slept ◀──────┘  │ └── trust ran out, another holder ──▶ lost
 *            │           └── suspended ── resumed └────── (lost from here, too) ──────────│
 *            └──────────── release (the command and all it started are gone) ─────────────┘
 */
import type { ExitStatus } from '../child/exit-status.ts';
import type { Loss } from '../election/events.ts';
import type { RunEvent, StopReason } from '../events.ts';

export type Role =
  /** Has not seen the lock, or not since the last term. */
  | { readonly kind: 'looking' }
  | { readonly kind: 'standing-by' }
  | { readonly kind: 'leading'; readonly fencingToken: string }
  /** The machine slept through the end of the trust: the command is halted until a renewal decides. */
  | { readonly kind: 'suspended'; readonly fencingToken: string }
  /** What ran under the term is being stopped. */
  | { readonly kind: 'lost'; readonly loss: Loss };

/** CMD, as far as it has come in the latest term. */
export type CommandState =
  | { readonly kind: 'not-started' }
  | { readonly kind: 'running'; readonly pid: number }
  | { readonly kind: 'stopping'; readonly pid: number | undefined; readonly reason: StopReason }
  | { readonly kind: 'ended'; readonly status: ExitStatus };

/** Who leads, as the record says. */
export interface Leader {
  readonly identity: string;
  /** Milliseconds since 1970, by the leader's own clock; undefined when the record does not say. */
  readonly sinceMs: number | undefined;
}

export interface State {
  readonly role: Role;
  /** When the role was taken: milliseconds since 1970. */
  readonly sinceMs: number;
  readonly leader: Leader | undefined;
  /** Of the record, as last seen. */
  readonly transitions: number | undefined;
  /** Whether the latest request for the lock was answered. */
  readonly isInReach: boolean;
  readonly command: CommandState;
}

/** A moment, for people to read, and who we are. */
interface Moment {
  readonly wallMs: number;
  readonly identity: string;
}

export function initialState(wallMs: number): State {
  return {
    role: { kind: 'looking' },
    sinceMs: wallMs,
    leader: undefined,
    transitions: undefined,
    isInReach: false,
    command: { kind: 'not-started' },
  };
}

export function afterEvent(state: State, event: RunEvent, moment: Moment): State {
  const became = (role: Role): State => ({ ...state, role, sinceMs: moment.wallMs });
  switch (event.kind) {
    case 'standing-by': {
      const { holder, acquireTimeUs, transitions } = event.record;
      const sinceMs = acquireTimeUs === undefined ? undefined : Math.floor(acquireTimeUs / 1_000);
      const leader = { identity: holder, sinceMs };
      return { ...standingBy(state, moment), leader, transitions };
    }
    case 'waiting-out':
      return { ...standingBy(state, moment), leader: undefined };
    case 'out-of-reach':
    case 'renewal-failing':
      return { ...state, isInReach: false };
    case 'in-reach':
    case 'renewal-recovered':
      return { ...state, isInReach: true };
    case 'elected':
      return {
        ...became({ kind: 'leading', fencingToken: event.fencingToken }),
        leader: { identity: moment.identity, sinceMs: moment.wallMs },
        transitions: event.transitions,
        isInReach: true,
        command: { kind: 'not-started' },
      };
    case 'suspended':
      return state.role.kind === 'leading' ? became({ ...state.role, kind: 'suspended' }) : state;
    case 'resumed':
      return state.role.kind === 'suspended' ? became({ ...state.role, kind: 'leading' }) : state;
    case 'lost':
      return {
        ...became({ kind: 'lost', loss: event.loss }),
        leader: holderAfter(event.loss),
      };
    case 'release':
      return { ...became({ kind: 'looking' }), leader: undefined, isInReach: false };
    case 'started':
      return { ...state, command: { kind: 'running', pid: event.pid } };
    case 'stopping':
      return { ...state, command: { kind: 'stopping', pid: pidOf(state), reason: event.reason } };
    case 'exited':
      return { ...state, command: { kind: 'ended', status: event.status } };
    case 'failed':
    case 'warning':
    case 'listening':
    case 'unannounced':
    case 'holder-dead':
    case 'unwatched':
    case 'watched':
    case 'watch-ended':
    case 'renewal':
    case 'restored':
    case 'already-done':
    case 'not-stored':
    case 'holding':
    case 'asked-to-step-down':
    case 'standing-aside':
    case 'killed':
    case 'left-over':
    case 'stuck':
      return state;
    default:
      return event satisfies never;
  }
}

/** Another leader is the same role. */
function standingBy(state: State, { wallMs }: Moment): State {
  const seeing = { ...state, isInReach: true };
  if (state.role.kind === 'standing-by') return seeing;
  return { ...seeing, role: { kind: 'standing-by' }, sinceMs: wallMs };
}

function holderAfter(loss: Loss): Leader | undefined {
  return loss.kind === 'usurped' ? { identity: loss.holder, sinceMs: undefined } : undefined;
}

function pidOf({ command }: State): number | undefined {
  return command.kind === 'running' || command.kind === 'stopping' ? command.pid : undefined;
}

/** What does not change while a command line is carried out. */
export interface Facts {
  readonly version: string;
  readonly lock: string;
  /** What the record is in: `lease`, …, `local`. */
  readonly lockKind: string;
  readonly identity: string;
}

/** What the clock says of the latest term. */
export interface Trust {
  /** Whether a command may run right now. */
  readonly isTrusted: boolean;
  /** Until the term is lost, unless a renewal is acknowledged. Not positive: it is, or nothing is known. */
  readonly leftMs: number;
  /** Until everything that needs the lock must be dead. */
  readonly killInMs: number;
}

/** All that can be seen from outside at one moment. */
export interface View {
  readonly facts: Facts;
  /** Undefined while it is being found out. */
  readonly namespace: string | undefined;
  readonly state: State;
  /** Undefined before the first term. */
  readonly trust: Trust | undefined;
}
