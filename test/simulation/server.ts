/**
 * The API server in miniature: one object, compare-and-swap, and a history that the referee judges. The wires of the
 * candidates lie outside. All objects share one counter of versions, as they do in etcd.
 */
import { formatRecord, parseRecord } from '../../src/locks/annotation-record.ts';
import { recordAfter } from '../../src/election/record.ts';
import type { LeaderRecord, Sighting, Versioned, WriteResult } from '../../src/election/lock.ts';

/** Somebody's record has become the current one. */
export interface Change {
  readonly atMs: number;
  readonly before: Versioned | undefined;
  readonly after: Versioned | undefined;
}

export interface ServerOptions<Writer> {
  readonly now: () => number;
  readonly nextVersion: () => number;
  /** Whether the record is text in an annotation. */
  readonly isAnnotated: boolean;
  readonly onWrite: (writer: Writer, change: Change) => void;
}

export class Server<Writer> {
  readonly #options: ServerOptions<Writer>;
  readonly #watchers = new Set<(sighting: Sighting) => void>();
  /** What every change has led to, the latest last. */
  readonly #history: Sighting[] = [];
  #current: Versioned | undefined;
  #uid = 0;

  constructor(options: ServerOptions<Writer>) {
    this.#options = options;
  }

  get current(): Versioned | undefined {
    return this.#current;
  }

  write(writer: Writer, record: LeaderRecord, basis: Versioned | undefined): WriteResult {
    const before = this.#current;
    if (basis?.version !== before?.version) return { kind: 'conflict' };
    const current = this.edit(recordAfter(record, before?.record))!;
    const { now, onWrite } = this.#options;
    onWrite(writer, { atMs: now(), before, after: current });
    return { kind: 'written', current };
  }

  /** As a person with kubectl does; undefined deletes. */
  edit(record: LeaderRecord | undefined): Versioned | undefined {
    const { nextVersion, isAnnotated } = this.#options;
    const version = String(nextVersion());
    if (!this.#current) this.#uid += 1;
    const uid = String(this.#uid);
    const kept = record && isAnnotated ? annotated(record) : record;
    this.#current = kept && { record: kept, version, origin: undefined, uid };
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

function annotated(record: LeaderRecord): LeaderRecord {
  const { stepDown, done } = record;
  const said = parseRecord(formatRecord(record, undefined));
  return { ...said, ...(stepDown ? { stepDown } : {}), ...(done ? { done } : {}) };
}
