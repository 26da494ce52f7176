/** Events as they come in a run, and what they come to. */
import { LockFault } from '../../src/election/lock.ts';
import type { RunEvent } from '../../src/events.ts';
import {
  afterEvent,
  initialState,
  type State,
  type Trust,
  type View,
} from '../../src/observe/state.ts';
import { recordOf } from '../election/scene.ts';

export const fault = new LockFault('unreachable', 'no answer');

/** One event of each kind that matters, by a short name. */
export const events = {
  standingBy: {
    kind: 'standing-by',
    record: recordOf('other', { transitions: 3 }),
    freeInMs: 15_000,
    givesUpInMs: Infinity,
  },
  waitingOut: { kind: 'waiting-out', freeInMs: 15_000 },
  outOfReach: { kind: 'out-of-reach', fault },
  inReach: { kind: 'in-reach' },
  elected: { kind: 'elected', fencingToken: '41', transitions: 4 },
  started: { kind: 'started', pid: 1234, command: 'server' },
  failing: { kind: 'renewal-failing', fault, lossInMs: 5_000 },
  recovered: { kind: 'renewal-recovered' },
  suspended: { kind: 'suspended', forMs: 60_000 },
  resumed: { kind: 'resumed' },
  expired: { kind: 'lost', loss: { kind: 'expired' } },
  usurped: { kind: 'lost', loss: { kind: 'usurped', holder: 'usurper' } },
  stopping: { kind: 'stopping', reason: 'shutdown', killInMs: 25_000 },
  exited: { kind: 'exited', status: { kind: 'signalled', signal: 'SIGTERM' } },
  released: { kind: 'release', outcome: { kind: 'released' } },
} as const satisfies Record<string, RunEvent>;

export type Name = keyof typeof events;

export const trusted: Trust = { isTrusted: true, leftMs: 9_500, killInMs: 13_500 };
export const overdue: Trust = { isTrusted: false, leftMs: -4_100, killInMs: -100 };

export function stateAfter(...names: readonly Name[]): State {
  const start = initialState(1_000);
  return names.reduce<State>(
    (state, name, index) =>
      afterEvent(state, events[name], { wallMs: 2_000 + index * 1_000, identity: 'me' }),
    start,
  );
}

export function viewAfter(names: readonly Name[], trust?: Trust): View {
  return {
    facts: { version: '1.2.3', lock: 'worker', lockKind: 'lease', identity: 'me' },
    namespace: 'jobs',
    state: stateAfter(...names),
    trust,
  };
}
