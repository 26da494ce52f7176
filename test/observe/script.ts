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
    type: 'standing-by',
    record: recordOf('other', { transitions: 3 }),
    freeInMs: 15_000,
    givesUpInMs: Infinity,
  },
  waitingOut: { type: 'waiting-out', freeInMs: 15_000 },
  outOfReach: { type: 'out-of-reach', fault },
  inReach: { type: 'in-reach' },
  elected: { type: 'elected', fencingToken: '41', transitions: 4 },
  started: { type: 'started', pid: 1234, command: 'server' },
  failing: { type: 'renewal-failing', fault, lossInMs: 5_000 },
  recovered: { type: 'renewal-recovered' },
  suspended: { type: 'suspended', forMs: 60_000 },
  resumed: { type: 'resumed' },
  expired: { type: 'lost', loss: { kind: 'expired' } },
  usurped: { type: 'lost', loss: { kind: 'usurped', holder: 'usurper' } },
  stopping: { type: 'stopping', reason: 'shutdown', killInMs: 25_000 },
  exited: { type: 'exited', status: { kind: 'signalled', signal: 'SIGTERM' } },
  released: { type: 'release', outcome: { kind: 'released' } },
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
