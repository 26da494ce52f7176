/** One call of a command other than `run`, and what the command is given to answer it. */
import type { Exit } from '../exit-code.ts';
import { version } from '../version.ts';
import type { Surroundings } from '../world.ts';
import type { CommandOutline } from './completion/outline.ts';

export interface Call extends Omit<Surroundings, 'inherited' | 'signals' | 'droppedLines'> {
  /** What follows the command's name. */
  readonly argv: readonly string[];
  /** Prints the help of the command. */
  readonly help: (text: string) => Exit;
  /** Aborts when a signal has ended the command. */
  readonly signal: AbortSignal;
  /** All commands and their options. */
  readonly outline: () => Promise<readonly CommandOutline[]>;
}

/** What each command's file exports. @throws {ExpectedError} */
export type Run = (call: Call) => Promise<Exit>;

export const userAgent = `k8s-leader/${version}`;
