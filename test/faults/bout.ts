/** A round while it goes on: who takes part, and what has happened so far. */
import type { LeaseClient } from '../cluster/support/lease.ts';
import type { Arena, Pitch } from './arena.ts';
import type { Chance } from './chance.ts';
import type { Contender } from './contender.ts';
import { monotonicMs } from './monotonic.ts';

/** What a round is about. */
export type Kind = 'network' | 'processes' | 'mixed' | 'credentials' | 'foreign hand' | 'server';

export interface Bout {
  readonly arena: Arena;
  readonly pitch: Pitch;
  readonly chance: Chance;
  readonly kind: Kind;
  readonly lock: string;
  /** Where families record their lives. */
  readonly lives: string;
  readonly lease: LeaseClient;
  readonly notes: Note[];
  /** Versions of the Lease that we have written ourselves. */
  readonly foreign: Set<bigint>;
  /** Processes that we have frozen: their silence means nothing. */
  readonly frozen: Set<number>;
  /** Everybody so far; those who take part now are without an `end`. */
  readonly contenders: Contender[];
  faults: number;
}

export interface Note {
  readonly atMs: number;
  readonly text: string;
}

export function note(bout: Pick<Bout, 'notes'>, text: string): void {
  bout.notes.push({ atMs: monotonicMs(), text });
}

export function present(bout: Bout): Contender[] {
  return bout.contenders.filter(({ end }) => !end);
}
