/** What a child is started with, and what can be done with it, with keepers or without. */
import type { Clock } from '../election/clock.ts';
import type { ExitStatus } from './exit-status.ts';
import type { FindKeeper } from './keeper-problem.ts';
import type { Disappearance, Keepers } from './keepers.ts';

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
  /** Moves the keepers' deadline: everything must be dead at this boot time (`Clock.bootTime`), whatever becomes of us. */
  killAt(bootTimeMs: number): void;
  /** Settles when a keeper has been killed, and so the other one kills everything. */
  readonly unguarded: Promise<void>;
}

/** What can be had before anybody leads: keepers take a few milliseconds to start. */
export interface Preparation {
  /** Undefined where there can be none. */
  readonly keepers: Keepers | undefined;
}
