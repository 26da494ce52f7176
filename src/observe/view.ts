import type { State } from './state.ts';

/** What does not change while a command line is carried out. */
export interface Facts {
  readonly version: string;
  readonly lock: string;
  /** What the record is in: `lease`, …, `local`. */
  readonly lockKind: string;
  readonly identity: string;
}

/** What the clock says of the latest term. */
export interface Trust {
  /** Whether a command may run right now. */
  readonly isTrusted: boolean;
  /** Until the term is lost, unless a renewal is acknowledged. Not positive: it is, or nothing is known. */
  readonly leftMs: number;
  /** Until everything that needs the lock must be dead. */
  readonly killInMs: number;
}

/** All that can be seen from outside at one moment. */
export interface View {
  readonly facts: Facts;
  /** Undefined while it is being found out. */
  readonly namespace: string | undefined;
  readonly state: State;
  /** Undefined before the first term. */
  readonly trust: Trust | undefined;
}
