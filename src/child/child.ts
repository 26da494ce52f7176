/**
 * CMD as a running process: start, signal, kill, ask who is left. Nothing else here knows how that is done.
 *
 * Without a terminal CMD leads a session and group of its own, and signals go to the whole group. On a terminal it
 * shares ours, which may hold the script that called us: there only CMD and what carries the term's cookie is
 * ever signalled.
 *
 * CMD is started through env(1) where there is one. Starting a process blocks our event loop until the kernel has
 * loaded it; with env in between only env must be loaded at once, and a CMD on a slow file system delays itself
 * alone. env hands on arguments and environment byte for byte, which a shell would not.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { ExpectedError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';
import type { ExitStatus } from './exit-status.ts';
import { guardProblem } from './guard-problem.ts';
import { startGuard, type Guard } from './guard.ts';
import { exists, livingMembers } from './processes.ts';

export interface ChildOptions {
  readonly command: readonly [string, ...string[]];
  /** All of its environment, the cookie of {@link preparation} included. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly preparation: Preparation;
  /** Whether CMD shares our process group, because of a terminal. */
  readonly foreground: boolean;
  /** Milliseconds until everything of the term must be dead, as of now. */
  readonly killInMs: () => number;
  /** Asked right before CMD is started: by then a stalled machine may have used up the term. */
  readonly isWanted: () => boolean;
}

export interface Child {
  readonly pid: number;
  /** Settles when CMD itself has ended; what it started may still be running. */
  readonly exited: Promise<ExitStatus>;
  /** Everything of this term that is alive, CMD included. */
  living(): number[];
  /** Sends a signal as it would have reached CMD without us: to its group, on a terminal to CMD alone. */
  send(signal: NodeJS.Signals): void;
  /** Sends a signal to everything that is alive. */
  sendToAll(signal: NodeJS.Signals): void;
  /** Moves the guard's deadline: everything must be dead in `ms`, whatever becomes of us. */
  killIn(ms: number): void;
  /** Settles when the guard is lost for good. Never where there was none to begin with. */
  readonly unguarded: Promise<void>;
  /** Nothing is left: the guard may go. */
  standDown(): void;
}

/** What can be had before anybody leads: a guard takes a few milliseconds to start. */
export interface Preparation {
  /** What every process that CMD starts can be told by. */
  readonly cookie: string;
  /** Has nothing to do yet. Undefined where there can be none. */
  readonly guard: Guard | undefined;
}

const envPaths = ['/usr/bin/env', '/bin/env'];

/** For one child. `path` is where the guard's programs are looked for. */
export function prepareChild(path: string | undefined): Preparation {
  const cookie = randomUUID();
  return { cookie, guard: guardProblem(path) === undefined ? startGuard(cookie, path) : undefined };
}

/**
 * Undefined when `isWanted` says no at the last moment.
 * @throws {ExpectedError} 126 or 127 when CMD cannot be started after all
 */
export async function startChild(options: ChildOptions): Promise<Child | undefined> {
  const { foreground, env, killInMs, isWanted } = options;
  const { cookie, guard } = options.preparation;
  guard?.within(killInMs());
  const [file, ...args] = throughEnv(options.command);
  if (!isWanted()) {
    guard?.standDown();
    return undefined;
  }
  const subprocess = execa(file, args, {
    stdio: 'inherit',
    detached: !foreground,
    env: env as Record<string, string>,
    extendEnv: false,
    reject: false,
    cleanup: false,
    buffer: false,
    ...workingFolder(),
  });
  const { pid } = subprocess;
  if (pid === undefined) {
    guard?.standDown();
    throw notStarted(options.command[0], await subprocess);
  }

  let running = true;
  let target: number | undefined = foreground ? pid : -pid;
  guard?.aim(target);
  // Once CMD has ended and nobody is left in its group, the number may become somebody else's, and of a whole group.
  const forgetTarget = () => {
    if (running || target === undefined) return;
    if (target < 0 && exists(target) && !exists(pid)) return;
    target = undefined;
    guard?.aim(target);
  };
  // The event, not the promise: from now on the number is free.
  subprocess.nodeChildProcess.once('exit', () => {
    running = false;
    forgetTarget();
  });
  const exited = subprocess.then((result): ExitStatus => {
    if (result.signal) return { kind: 'signalled', signal: result.signal };
    return { kind: 'exited', code: result.exitCode ?? exitCode.defect };
  });
  const living = () => {
    forgetTarget();
    const found = livingMembers({ cookie, group: target && target < 0 ? -target : undefined });
    return running && !found.includes(pid) ? [pid, ...found] : found;
  };
  const sendToAll = (signal: NodeJS.Signals) => {
    // A whole group in one instant, before it can fork; anything but KILL must arrive only once.
    if (signal === 'SIGKILL' && target !== undefined) kill(target, signal);
    for (const member of living()) kill(member, signal);
  };
  return {
    pid,
    exited,
    living,
    sendToAll,
    killIn: (ms) => guard?.within(ms),
    unguarded: guard?.failed ?? new Promise(() => undefined),
    standDown: () => guard?.standDown(),
    send(signal) {
      if (!running) sendToAll(signal);
      else kill(foreground ? pid : -pid, signal);
    },
  };
}

function throughEnv(command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  const env = envPaths.find((path) => existsSync(path));
  // env would take a first word with "=" for an assignment.
  if (env === undefined || command[0].includes('=')) return command;
  return [env, '--', ...command];
}

/** A folder that has been removed has no name any more, but can still be worked in. */
function workingFolder(): { cwd?: string } {
  try {
    process.cwd();
    return {};
  } catch {
    return { cwd: '/proc/self/cwd' };
  }
}

/** A process that has just ended needs no signal; one we may not signal shows up among the living. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code !== 'ESRCH' && code !== 'EPERM') throw thrown;
  }
}

function notStarted(
  command: string,
  result: { code?: string | undefined; cause?: unknown },
): ExpectedError {
  const missing = result.code === 'ENOENT' || result.code === 'ENOTDIR';
  return new ExpectedError(
    missing ? exitCode.notFound : exitCode.notExecutable,
    `${JSON.stringify(command)} could not be started (${result.code ?? 'unknown reason'})`,
    { cause: result.cause },
  );
}
