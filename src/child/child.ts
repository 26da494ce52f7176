/**
 * CMD as a running process: start, signal, kill, ask who is left. Nothing else here knows how that is done.
 *
 * Two keepers (native/keeper.c) start it and answer for everything that it starts. Where there can be none, we do what
 * can be done without (bare-child.ts).
 *
 * Without a terminal CMD leads a session and group of its own, and signals go to the whole group. On a terminal it
 * shares ours, which may hold the script that called us: there only CMD, or what descends from it, is ever signalled.
 */
import type { Clock } from '../election/clock.ts';
import { startBareChild } from './bare-child.ts';
import { inheritedDescriptors } from './descriptors.ts';
import { argumentBytes, environmentBytes, softFileLimit } from './exact.ts';
import { signalNumber, type ExitStatus } from './exit-status.ts';
import { keeperProblem, noKeeper, type FindKeeper } from './keeper-problem.ts';
import { Keepers, type Disappearance } from './keepers.ts';
import { notStarted } from './not-started.ts';

/** The command, and what it is given: all of it known before anybody leads. */
export interface CommandOptions {
  readonly command: readonly [string, ...string[]];
  /** Where the command was found. */
  readonly file: string;
  /** CMD's environment, but for the variables of the term. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether CMD shares our process group, because of a terminal. */
  readonly foreground: boolean;
  readonly findKeeper: FindKeeper;
  /** Whether CMD may run where there can be no keeper. */
  readonly guard: 'auto' | 'required';
  readonly inherited: Inherited;
  readonly clock: Clock;
}

/** What we were executed with, and CMD is to find. */
export interface Inherited {
  /** Signals that are ignored, as a mask: bit n-1 for signal n. */
  readonly ignoredSignals: bigint;
  /** Descriptors above 2; undefined where the runtime has left them as they were. */
  readonly descriptors: readonly number[] | undefined;
}

export interface ChildOptions extends CommandOptions {
  readonly variables: Readonly<Record<string, string>>;
  readonly preparation: Preparation;
  /** Milliseconds until everything of the term must be dead, as of now. */
  readonly killInMs: () => number;
  /** Asked right before CMD is started: by then a stalled machine may have used up the term. */
  readonly isWanted: () => boolean;
}

export interface Child {
  readonly pid: number;
  /** Settles when CMD itself has ended; what it started may still be running. */
  readonly exited: Promise<ExitStatus>;
  /** Settles when CMD and everything that it started is gone. */
  readonly gone: Promise<Disappearance>;
  /** Some of those who are alive, CMD included. */
  living(): Promise<readonly number[]>;
  /** Passes on a signal that we got. On a terminal CMD may have got it as well: then it gets none from us. */
  pass(signal: NodeJS.Signals): void;
  /** Sends a signal to CMD's group, on a terminal to CMD alone. */
  send(signal: NodeJS.Signals): void;
  /** Sends a signal to everything that is alive. KILL is repeated until nothing is. */
  sendToAll(signal: NodeJS.Signals): void;
  /** Moves the keepers' deadline: everything must be dead in `ms`, whatever becomes of us. */
  killIn(ms: number): void;
  /** Settles when a keeper has been killed, and so the other one kills everything. */
  readonly unguarded: Promise<void>;
}

/** What can be had before anybody leads: keepers take a few milliseconds to start. */
export interface Preparation {
  /** Undefined where there can be none. */
  readonly keepers: Keepers | undefined;
}

/** For one child. */
export function prepareChild({ findKeeper, foreground, inherited }: CommandOptions): Preparation {
  if (keeperProblem(findKeeper) !== undefined) return { keepers: undefined };
  const descriptors = inherited.descriptors ?? inheritedDescriptors();
  return { keepers: new Keepers({ file: findKeeper(), foreground, descriptors }) };
}

/** How often keepers that were killed while they waited are replaced. */
const maxReplacements = 10;

/**
 * Undefined when `isWanted` says no at the last moment.
 * @throws {ExpectedError} 126 or 127 when CMD's process cannot be started, 69 when a keeper is required and there is none
 */
export async function startChild(options: ChildOptions): Promise<Child | undefined> {
  const { command, file, env, variables, clock, killInMs, isWanted, inherited } = options;
  let { keepers } = options.preparation;
  if (!keepers) return isWanted() ? startUnkept(options) : undefined;
  for (let replacements = 0; keepers && replacements <= maxReplacements; replacements += 1) {
    keepers.killAt(clock.bootTime() + killInMs());
    if (!isWanted()) {
      keepers.dismiss();
      return undefined;
    }
    keepers.start({
      file: Buffer.from(file),
      argv: argumentBytes(command),
      environment: environmentBytes(env, variables),
      softFileLimit: softFileLimit(),
      ignoredSignals: inherited.ignoredSignals,
    });
    const pid = await keepers.started;
    if (pid !== undefined) return keptChild(keepers, pid, clock);
    if (keepers.error !== undefined) throw notStarted(command[0], keepers.error);
    ({ keepers } = prepareChild(options));
  }
  throw notStarted(command[0], 'its keepers were killed');
}

function startUnkept(options: ChildOptions): Promise<Child> {
  const problem = keeperProblem(options.findKeeper) ?? 'it could not be prepared';
  if (options.guard === 'required') throw noKeeper(problem);
  return startBareChild(options);
}

function keptChild(keepers: Keepers, pid: number, clock: Clock): Child {
  return {
    pid,
    exited: keepers.exited,
    gone: keepers.gone,
    unguarded: keepers.broken,
    living: () => keepers.living(),
    pass: (signal) => {
      keepers.pass(signalNumber(signal));
    },
    send: (signal) => {
      keepers.send(signalNumber(signal));
    },
    sendToAll: (signal) => {
      if (signal === 'SIGKILL') keepers.kill();
      else keepers.sendToAll(signalNumber(signal));
    },
    killIn: (ms) => {
      keepers.killAt(clock.bootTime() + ms);
    },
  };
}
