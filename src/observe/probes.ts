/** What probes are told: pure functions from what can be seen to yes or no, each with one line that says why. */
import { printable } from '../text.ts';
import type { View } from './state.ts';

export interface Probe {
  readonly ok: boolean;
  readonly line: string;
}

/**
 * Whether this process can still do its work. A standby always can, whatever becomes of the server. A leader cannot
 * when its term is lost, until what ran under it is gone; then it ends, or stands for election again. Should
 * something survive even that, a restart is what is left. A machine that slept is given the time to find out.
 *
 * A blocked event loop gives no answer at all.
 */
export function livez({ state, trust }: View): Probe {
  const { role } = state;
  if (role.kind === 'lost')
    return no(`leadership is lost (${role.loss.kind}), stopping the command`);
  if (role.kind === 'leading' && trust && trust.killInMs <= 0)
    return no('no renewal was acknowledged in time');
  return yes('alive');
}

/** Whether this process plays its part: a leader by the clock, or a standby that sees the lock. */
export function readyz(view: View): Probe {
  const { role, isInReach } = view.state;
  switch (role.kind) {
    case 'looking':
      return no('the lock has not been seen yet');
    case 'standing-by':
      return isInReach ? yes('standing by') : no('the lock is unreachable');
    case 'leading':
      return isLeader(view) ? yes('leading') : no('leading, but the lease is no longer trusted');
    case 'suspended':
      return no('the machine slept, so the leader is not known yet');
    case 'lost':
      return no('leadership is lost');
    default:
      return role satisfies never;
  }
}

/** Yes on the one that leads. The line is the leader's identity, `unknown` where it is not known. */
export function leader(view: View): Probe {
  const identity = printable(view.state.leader?.identity ?? 'unknown');
  return isLeader(view) ? yes(identity) : no(identity);
}

/** By the clock, not only by what has been told. */
export function isLeader({ state, trust }: View): boolean {
  return state.role.kind === 'leading' && trust?.isTrusted === true;
}

function yes(line: string): Probe {
  return { ok: true, line };
}

function no(line: string): Probe {
  return { ok: false, line };
}
