/**
 * The API server in miniature: one object, compare-and-swap, and a history that the referee judges. The wires of the
 * candidates lie outside.
 */
import { recordAfter } from '../../src/election/remarks.ts';
import type { LeaderRecord, Sighting, Versioned, WriteResult } from '../../src/election/lock.ts';

/** Somebody's record has become the current one. */
export interface Change {
  readonly atMs: number;
  readonly before: Versioned | undefined;
  readonly after: Versioned | undefined;
}

export class Server<Writer> {
  readonly #now: () => number;
  readonly #onWrite: (writer: Writer, change: Change) => void;
  readonly #watchers = new Set<(sighting: Sighting) => void>();
  /** What every change has led to, the latest last. */
  readonly #history: Sighting[] = [];
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
    const current = this.edit(recordAfter(record, before?.record))!;
    this.#onWrite(writer, { atMs: this.#now(), before, after: current });
    return { kind: 'written', current };
  }

  /** As a person with kubectl does; undefined deletes. */
  edit(record: LeaderRecord | undefined): Versioned | undefined {
    this.#version += 1;
    const version = String(this.#version);
    this.#current = record && { record, version, origin: undefined };
    const sighting = { version, seen: this.#current };
    this.#history.push(sighting);
    for (const watcher of this.#watchers) watcher(sighting);
    return this.#current;
  }

  /** What came `back` changes before the latest one. */
  past(back: number): Sighting | undefined {
    return this.#history.at(-1 - back);
  }

  /** Tells of every change from now on, until the returned function is called. */
  watch(watcher: (sighting: Sighting) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
