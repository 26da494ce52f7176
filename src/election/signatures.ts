/**
 * By what a process knows its own writes again (design rule 7): holder, acquireTime and renewTime. Random microseconds in
 * each time keep two processes of one identity apart.
 */
import type { LeaderRecord } from './lock.ts';

/** More unsettled writes than this are not remembered; one that lands later still looks like a stranger's: safe. */
const rememberedWrites = 64;

/** In the order of writing: the latest acknowledged one, and those that may have been applied since. */
export class Signatures {
  readonly #known = new Set<string>();

  has(record: LeaderRecord): boolean {
    return this.#known.has(signature(record));
  }

  add(record: LeaderRecord): void {
    this.#known.add(signature(record));
    for (const oldest of this.#known) {
      if (this.#known.size <= rememberedWrites) break;
      this.#known.delete(oldest);
    }
  }

  /** For certain it has not been applied. */
  delete(record: LeaderRecord): void {
    this.#known.delete(signature(record));
  }

  /** Compare-and-swap has put every earlier write of ours out of the running; later ones may be under way. */
  acknowledge(record: LeaderRecord): void {
    const acknowledged = signature(record);
    if (!this.#known.has(acknowledged)) return;
    for (const earlier of this.#known) {
      if (earlier === acknowledged) return;
      this.#known.delete(earlier);
    }
  }
}

function signature({ holder, acquireTimeUs, renewTimeUs }: LeaderRecord): string {
  return `${String(acquireTimeUs)}/${String(renewTimeUs)}/${holder}`;
}
