/**
 * CMD without a keeper: what can be done for it from outside. Its group is all that is known of it, on a terminal not
 * even that; a process that leaves the group is lost, and so is everything when we are killed.
 */
import type { Child, ChildOptions } from './types.ts';
import { notStarted } from './not-started.ts';
import { exitCode } from '../exit-code.ts';
import { kill, startCommand } from '../platform/processes.ts';
import { comesFromTerminal } from './signals.ts';
import type { ExitStatus } from './exit-status.ts';

const firstPollMs = 5;
const lastPollMs = 200;

/** @throws {ExpectedError} 126 or 127 when CMD cannot be started */
export async function startBareChild(options: ChildOptions): Promise<Child> {
  const { command, env, variables, foreground, clock } = options;
  const { pid, ended, onExit } = startCommand(command, { ...env, ...variables }, !foreground);
  if (pid === undefined) throw notStarted(command[0], (await ended).error ?? 'unknown reason');

  let running = true;
  // The event, not the promise: from now on the number is free, and the group's as soon as that is empty.
  onExit(() => (running = false));
  const exited = ended.then(({ signal, code }): ExitStatus => {
    return signal
      ? { kind: 'signalled', signal }
      : { kind: 'exited', code: code ?? exitCode.defect };
  });
  const target = foreground ? pid : -pid;
  let isGone = false;
  // A process with CMD's number, once CMD has ended, is a stranger, and so is a group of that number.
  const groupLives = () => !foreground && exists(target) && !exists(pid);
  const lives = () => !isGone && (running || groupLives());
  const sendTo = (signal: NodeJS.Signals) => {
    if (lives()) signalTo(target, signal);
  };
  const gone = exited.then(async () => {
    for (let pollMs = firstPollMs; lives(); pollMs = Math.min(pollMs * 2, lastPollMs))
      await clock.sleep(pollMs);
    isGone = true;
    return 'gone' as const;
  });
  return {
    pid,
    exited,
    gone,
    unguarded: new Promise(() => undefined),
    living: () => Promise.resolve(lives() ? [pid] : []),
    pass: (signal) => {
      if (!(foreground && comesFromTerminal(signal))) sendTo(signal);
    },
    send: sendTo,
    sendToAll: sendTo,
    killAt: () => undefined,
  };
}

/** Whether a signal could find somebody, zombies included. */
function exists(target: number): boolean {
  try {
    kill(target, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process that has just ended needs no signal; one that we may not signal lives on. */
function signalTo(target: number, signal: NodeJS.Signals): void {
  try {
    kill(target, signal);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw thrown;
  }
}
