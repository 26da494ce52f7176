/** What each event says to people: one line, one level, and the facts for machines. */
import { signalStatus, type ExitStatus } from '../child/exit-status.ts';
import { formatDuration } from '../duration.ts';
import type { Loss, ReleaseOutcome } from '../election/events.ts';
import type { RunEvent, StopReason } from '../events.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface Description {
  readonly level: Level;
  readonly message: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Undefined when it only counts. */
export function describe(event: RunEvent): Description | undefined {
  switch (event.kind) {
    case 'renewal':
    case 'watch-ended':
      return undefined;
    case 'unannounced':
      return {
        level: 'debug',
        message: `could not record a Kubernetes Event: ${faultLine(event.fault)}`,
      };
    case 'listening':
      return info(`listening on http://${event.host}:${String(event.port)}`, { port: event.port });
    case 'failed':
      return { level: 'error', message: faultLine(event) };
    case 'warning':
      return warn(event.message);
    case 'standing-by':
      return info(standingBy(event), {
        holder: event.record.holder,
        since: isoTime(event.record.acquireTimeUs),
        freeInMs: Math.round(event.freeInMs),
      });
    case 'waiting-out':
      return info(
        `the record is gone, but its last holder may lead for another ${formatDuration(event.freeInMs)}: waiting`,
      );
    case 'holder-dead':
      return info(
        `the container of ${JSON.stringify(event.holder)} has ended: not waiting for its lease`,
        {
          holder: event.holder,
        },
      );
    case 'out-of-reach':
      return warn(`cannot reach the lock, retrying: ${faultLine(event.fault)}`);
    case 'in-reach':
      return info('the lock can be reached again');
    case 'unwatched':
      return warn(`cannot watch the lock, polling it instead: ${faultLine(event.fault)}`);
    case 'watched':
      return info('the lock can be watched again');
    case 'elected':
      return info(`leading, fencing token ${event.fencingToken}`, {
        fencingToken: event.fencingToken,
        transitions: event.transitions,
      });
    case 'renewal-failing':
      return warn(
        `renewals fail, leadership is lost in ${formatDuration(event.lossInMs)} unless one succeeds: ${faultLine(event.fault)}`,
      );
    case 'renewal-recovered':
      return info('renewals succeed again');
    case 'restored':
      return warn(`somebody ${event.found} our record: restored it`, { found: event.found });
    case 'suspended':
      return warn(
        `the machine slept for ${formatDuration(event.forMs)}: CMD is paused until we know who leads`,
      );
    case 'resumed':
      return info('still leading: CMD continues');
    case 'asked-to-step-down':
      return info('asked to step down: handing over as soon as CMD has ended');
    case 'standing-aside':
      return info(`standing aside for ${formatDuration(event.forMs)}, or until another has led`, {
        forMs: Math.round(event.forMs),
      });
    case 'lost':
      return { level: 'error', message: lossLine(event.loss), facts: { reason: event.loss.kind } };
    case 'release':
      return releaseLine(event.outcome);
    case 'already-done':
      return info(`${JSON.stringify(event.key)} is already done: not running CMD`, {
        key: event.key,
      });
    case 'not-stored':
      return warn(
        `CMD succeeded, but could not record ${JSON.stringify(event.key)} as done: retrying`,
        { key: event.key },
      );
    case 'holding':
      return info(`keeping the lock for ${formatDuration(event.forMs)} (--min-hold)`, {
        forMs: Math.round(event.forMs),
      });
    case 'started':
      return { level: 'debug', message: `started ${event.command}`, facts: { pid: event.pid } };
    case 'stopping':
      return info(stoppingLine(event.reason, event.killInMs), { reason: event.reason });
    case 'killed':
      return warn(`${subject(event.reason)} did not stop in time: killed`);
    case 'exited':
      return exitedLine(event.status);
    case 'left-over':
      return info(`stopping what CMD left behind: ${processes(event.pids)}`, { pids: event.pids });
    case 'stuck':
      return stuckLine(event.pids);
    default:
      return event satisfies never;
  }
}

function exitedLine(status: ExitStatus): Description {
  switch (status.kind) {
    case 'exited':
      return info(`CMD exited with code ${String(status.code)}`, { code: status.code });
    case 'signalled': {
      const { signal } = status;
      return info(`CMD was killed by ${signal} (${String(signalStatus(signal))})`, { signal });
    }
    case 'not-executed': {
      const { error } = status;
      return { level: 'error', message: `cannot execute CMD: ${error}`, facts: { error } };
    }
    default:
      return status satisfies never;
  }
}

function stuckLine(pids: readonly number[]): Description {
  const message =
    pids.length > 0
      ? `cannot kill ${processes(pids)}: nobody else can lead while they live and renewals succeed`
      : 'both keepers were killed, so some of CMD may live on: the lock is not handed back, its lease runs out';
  return { level: 'error', message, facts: { pids } };
}

/** A fault in one line: what happened and what to do. */
export function faultLine(fault: { message: string; hint: string | undefined }): string {
  return fault.hint === undefined ? fault.message : `${fault.message}; ${fault.hint}`;
}

function standingBy(event: Extract<RunEvent, { kind: 'standing-by' }>): string {
  const { holder, acquireTimeUs } = event.record;
  const since = isoTime(acquireTimeUs);
  const leader = `${JSON.stringify(holder)} ${since ? `has led since ${since}` : 'leads'}`;
  const patience = Number.isFinite(event.givesUpInMs)
    ? `, giving up in ${formatDuration(event.givesUpInMs)}`
    : '';
  return `standing by${patience}: ${leader}; if not renewed, its lease expires in ${formatDuration(event.freeInMs)}`;
}

function lossLine(loss: Loss): string {
  if (loss.kind === 'usurped')
    return `leadership lost: ${JSON.stringify(loss.holder)} holds the lock`;
  if (loss.kind === 'expired') return 'leadership lost: no renewal was acknowledged in time';
  return `leadership lost: ${faultLine(loss.fault)}`;
}

function releaseLine(outcome: ReleaseOutcome): Description {
  if (outcome.kind === 'released' && outcome.isForgetful)
    return warn('released, but the lock does not preserve data stored beside the record');
  if (outcome.kind === 'released') return info('released');
  if (outcome.kind === 'not-ours') return info('not released: the record is no longer ours');
  return warn(`not released, the lease will expire by itself: ${faultLine(outcome.fault)}`);
}

function stoppingLine(reason: StopReason, killInMs: number): string {
  const when = killInMs > 0 ? `KILL in ${formatDuration(killInMs)}` : 'KILL now';
  return `stopping CMD (${reason}), ${when}`;
}

function subject(reason: StopReason): string {
  return reason === 'left over' ? 'what CMD left behind' : 'CMD';
}

function processes(pids: readonly number[]): string {
  return `process${pids.length === 1 ? '' : 'es'} ${pids.join(', ')}`;
}

function isoTime(timeUs: number | undefined): string | undefined {
  const time = new Date((timeUs ?? NaN) / 1_000);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString().replace(/\.\d+Z$/, 'Z');
}

function info(message: string, facts?: Description['facts']): Description {
  return facts ? { level: 'info', message, facts } : { level: 'info', message };
}

function warn(message: string, facts?: Description['facts']): Description {
  return { ...info(message, facts), level: 'warn' };
}
