/**
 * A server under test conditions: killed, frozen and started again, always with the same command
 * line.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Reaper } from './reaper.ts';

/** A server that can be stopped and started again on the same port and data. */
export interface ServerProcess {
  /** The process id while it runs. */
  readonly pid: number | undefined;
  /**
   * Starts it, unless it runs, and resolves when it is ready. Throws with the end of its log when
   * it is not in time.
   */
  start(): Promise<void>;
  /**
   * Sends the signal (SIGKILL unless told: a crash) and resolves when the process is gone. Wakes a
   * paused one.
   */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  /** Lets a frozen one go on (SIGCONT). */
  resume(): void;
}

/** What to run and how to know that it is up. */
export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly reaper: Reaper;
  /** Asked again and again until it says true; a rejection counts as not yet. */
  isReady(): Promise<boolean>;
}

const readyWithinMs = 60_000;
const askEveryMs = 25;

/** Describes the server; `start` runs it. */
export function serverProcess(command: ServerCommand): ServerProcess {
  let child: ChildProcess | undefined;

  return {
    get pid() {
      return child?.pid;
    },
    async start() {
      if (!child) {
        const started = await launch(command);
        child = started;
        started.once('exit', () => {
          child = undefined;
        });
      }
      await untilReady(command, () => child !== undefined);
    },
    async stop(signal = 'SIGKILL') {
      const stopping = child;
      if (!stopping) return;
      stopping.ref();
      const exited = once(stopping, 'exit');
      stopping.kill(signal);
      stopping.kill('SIGCONT');
      await exited;
    },
    pause() {
      child?.kill('SIGSTOP');
    },
    resume() {
      child?.kill('SIGCONT');
    },
  };
}

async function launch({ file, args, logFile, reaper }: ServerCommand): Promise<ChildProcess> {
  const log = openSync(logFile, 'a');
  // In a process group of its own: Ctrl-C ends the tests, and then the reaper ends the server.
  const child = spawn(file, args, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  await once(child, 'spawn');
  child.unref();
  reaper.watch(child);
  return child;
}

async function untilReady(command: ServerCommand, isRunning: () => boolean): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  while (!(await command.isReady().catch(() => false))) {
    if (!isRunning()) throw await failure(command, 'ended instead of getting ready');
    if (performance.now() > deadline)
      throw await failure(command, `not ready in ${readyWithinMs} ms`);
    await delay(askEveryMs);
  }
}

async function failure({ file, logFile }: ServerCommand, problem: string): Promise<Error> {
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
  return new Error([`${basename(file)} ${problem}`, ...lines.slice(-20)].join('\n'));
}
