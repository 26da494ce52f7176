/**
 * By what a process knows its own writes again (R7): holder, acquireTime and renewTime. Random microseconds in
 * each time keep two processes of one identity apart.
 *
 *     sent ──▶ may be applied ── acknowledged ──▶ settles all earlier ones
 *                    └── refused ── a claim: doubtful · a renewal or release: as before
 *
 * A proxy may send a write twice and pass on the conflict of the second, so a refused write may have been applied. A
 * renewal carries the beginning of its term, which the server has acknowledged to us and to nobody else. A claim may equal
 * that of another process with our identity, moment and luck, a machine cloned from one snapshot: what becomes of a
 * doubtful one is decided by whether it is renewed.
 *
 * A running term forgets nothing since its latest acknowledged write: that is one entry for each try of an outage, which
 * the renew deadline ends.
 */
import type { Clock } from './clock.ts';
import type { LeaderRecord } from './lock.ts';

/**
 * Of unsettled writes beside those of the running term, no more than this are remembered. An older one that lands later
 * looks like a stranger's: safe.
 */
const rememberedClaims = 64;

interface Signature {
  readonly term: string;
  isDoubtful: boolean;
}

/** In the order of writing: the latest acknowledged one, and those that may have been applied since. */
export class Signatures {
  readonly #known = new Map<string, Signature>();
  #runningTerm: string | undefined;
  #claims = 0;

  has(record: LeaderRecord): boolean {
    return this.#known.get(signature(record))?.isDoubtful === false;
  }

  /** Whether it equals a claim of ours that was refused. */
  isDoubtful(record: LeaderRecord): boolean {
    return this.#known.get(signature(record))?.isDoubtful === true;
  }

  add(record: LeaderRecord): void {
    const signed = signature(record);
    const term = termOf(record);
    if (term !== this.#runningTerm && !this.#known.has(signed)) this.#claims += 1;
    this.#known.set(signed, { term, isDoubtful: false });
    if (this.#claims > rememberedClaims) this.#forgetOldestClaim();
  }

  /** It was answered with a conflict, and had been sent once. */
  refuse(record: LeaderRecord): void {
    const known = this.#known.get(signature(record));
    if (known && record.holder !== '' && known.term !== this.#runningTerm) known.isDoubtful = true;
  }

  /** Compare-and-swap has put every earlier write of ours out of the running; later ones may be under way. */
  acknowledge(record: LeaderRecord): void {
    const acknowledged = signature(record);
    if (!this.#known.has(acknowledged)) return;
    for (const earlier of this.#known.keys()) {
      if (earlier === acknowledged) break;
      this.#known.delete(earlier);
    }
    const runningTerm = termOf(record);
    this.#runningTerm = runningTerm;
    this.#claims = [...this.#known.values()].filter(({ term }) => term !== runningTerm).length;
  }

  #forgetOldestClaim(): void {
    for (const [oldest, { term }] of this.#known) {
      if (term === this.#runningTerm) continue;
      this.#known.delete(oldest);
      this.#claims -= 1;
      return;
    }
  }
}

function signature(record: LeaderRecord): string {
  return `${String(record.renewTimeUs)}/${termOf(record)}`;
}

function termOf({ holder, acquireTimeUs }: LeaderRecord): string {
  return `${String(acquireTimeUs)}/${holder}`;
}

export interface SigningTimeOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * The times that a process signs its writes with: wall-clock time with random microseconds. Within a term they increase
 * strictly, also while the wall clock stands still or is set back. The server makes no new version of a write that changes
 * nothing, and then no standby would see the renewal.
 */
export class SigningTime {
  readonly #options: SigningTimeOptions;
  #latestUs = -Infinity;

  constructor(options: SigningTimeOptions) {
    this.#options = options;
  }

  /** A new term follows a wall clock that was set back. */
  beginUs(): number {
    this.#latestUs = -Infinity;
    return this.nextUs();
  }

  nextUs(): number {
    const { clock, random } = this.#options;
    const fraction = Math.floor(random() * 1_000);
    const nowUs = Math.floor(clock.wall()) * 1_000 + fraction;
    this.#latestUs = Math.max(nowUs, this.#latestUs + 1 + fraction);
    return this.#latestUs;
  }
}
