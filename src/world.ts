/** What is handed in to the program. */
import type { Inherited } from './child/types.ts';
import type { FindKeeper } from './child/keeper-problem.ts';
import type { SignalSource } from './child/signals.ts';
import type { Sink } from './observe/stderr.ts';

export interface World {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signals: SignalSource;
  /** Help, version and what the other commands print go here; `run` never writes to it. */
  readonly stdout: Sink;
  readonly stderr?: Sink;
  readonly findKeeper: FindKeeper;
  readonly inherited: Inherited;
  /** The name that we were started by; by default the program's. */
  readonly calledAs?: string | undefined;
  /** The file that we are, where we are a single one. */
  readonly executable?: string | undefined;
}

/** The world once there is a way to stderr. */
export interface Surroundings extends World {
  readonly stderr: Sink;
  /** What stands on the terminal until the next line: see `openStderr`. */
  readonly showLine: Sink;
  /** How many lines nobody could read so far. */
  readonly droppedLines: () => number;
}
