/**
 * The API server in miniature: one object, compare-and-swap, and a history that the referee judges. The wires of the
 * candidates lie outside.
 */
import type { LeaderRecord, Versioned, WriteResult } from '../../src/election/lock.ts';

/** Somebody's record has become the current one. */
export interface Change {
  readonly atMs: number;
  readonly before: Versioned | undefined;
  readonly after: Versioned | undefined;
}

export class Server<Writer> {
  readonly #now: () => number;
  readonly #onWrite: (writer: Writer, change: Change) => void;
  #current: Versioned | undefined;
  #version = 100;

  constructor(now: () => number, onWrite: (writer: Writer, change: Change) => void) {
    this.#now = now;
    this.#onWrite = onWrite;
  }

  get current(): Versioned | undefined {
    return this.#current;
  }

  write(writer: Writer, record: LeaderRecord, basis: Versioned | undefined): WriteResult {
    const before = this.#current;
    if (basis?.version !== before?.version) return { kind: 'conflict' };
    const current = this.edit(record)!;
    this.#onWrite(writer, { atMs: this.#now(), before, after: current });
    return { kind: 'written', current };
  }

  /** As a person with kubectl does; undefined deletes. */
  edit(record: LeaderRecord | undefined): Versioned | undefined {
    this.#version += 1;
    this.#current = record && { record, version: String(this.#version), origin: undefined };
    return this.#current;
  }
}
