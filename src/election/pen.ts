/**
 * The one hand with which this process writes to the lock.
 *
 * It signs every write with the times it carries and so knows its own writes again (design rule 7): a record is
 * ours when holder, acquireTime and renewTime equal a write of ours, acknowledged or still outstanding. The
 * identity alone proves nothing, two processes may share one; hence the random microseconds in every time.
 *
 * It sends an unanswered write once more over a fresh connection (rule 8). Both carry the same basis, so at most
 * one is applied, and the first success counts from its own sending. A conflict decides as well: whatever is
 * still on the wire is based on the same, now outdated, version and can change nothing any more.
 */
import { bounded } from './bounded.ts';
import type { Clock } from './clock.ts';
import { asFault, type LeaderRecord, type Lock, type LockFault, type Versioned } from './lock.ts';
import type { Timing } from './timing.ts';
import { trustTime, type TrustTime } from './trust-time.ts';

export type WriteOutcome =
  | { readonly kind: 'written'; readonly current: Versioned; readonly sentAtMs: number }
  | { readonly kind: 'conflict' }
  /** Nobody knows whether it has been, or will still be, applied. */
  | { readonly kind: 'fault'; readonly fault: LockFault };

export interface PenOptions {
  readonly lock: Lock;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly identity: string;
  /** Bound of each single request. */
  readonly requestTimeoutMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The facts of a term that every renewal repeats. */
export interface TermFacts {
  readonly acquireTimeUs: number;
  readonly transitions: number;
}

/** More unsettled writes than this are not remembered; one that lands later still looks like a stranger's: safe. */
const rememberedWrites = 64;

export class Pen {
  readonly trustTime: TrustTime;
  readonly #options: PenOptions;
  readonly #signatures = new Set<string>();
  readonly #onTheWire = new Set<Promise<unknown>>();

  constructor(options: PenOptions) {
    this.#options = options;
    this.trustTime = trustTime(options.clock);
  }

  /** Whether this process wrote exactly this record. */
  isOurs(record: LeaderRecord): boolean {
    return record.holder === this.#options.identity && this.#signatures.has(signature(record));
  }

  /** @throws {LockFault} within the request timeout */
  read(signal?: AbortSignal): Promise<Versioned | undefined> {
    const { lock, clock, requestTimeoutMs } = this.#options;
    return bounded({ clock, boundMs: requestTimeoutMs, signal }, (cutOff) =>
      lock.read({ signal: cutOff }),
    );
  }

  /** Begins a term on top of `basis`. */
  claim(basis: Versioned | undefined): Promise<WriteOutcome> {
    const previous = basis?.record;
    const changesHolder = previous !== undefined && !this.isOurs(previous);
    const transitions = (previous?.transitions ?? 0) + (changesHolder ? 1 : 0);
    return this.renew({ acquireTimeUs: this.#signingTimeUs(), transitions }, basis);
  }

  /** Says again that the term described by `facts` goes on; `undefined` as basis re-creates a deleted object. */
  renew(facts: TermFacts, basis: Versioned | undefined): Promise<WriteOutcome> {
    return this.#write(
      {
        holder: this.#options.identity,
        leaseDurationMs: this.#options.timing.leaseDurationMs,
        acquireTimeUs: facts.acquireTimeUs,
        renewTimeUs: this.#signingTimeUs(),
        transitions: facts.transitions,
      },
      basis,
    );
  }

  /** Hands the lock back, as client-go does: holder "", one second. */
  free(basis: Versioned): Promise<WriteOutcome> {
    const nowUs = this.#signingTimeUs();
    return this.#write(
      {
        holder: '',
        leaseDurationMs: 1_000,
        acquireTimeUs: nowUs,
        renewTimeUs: nowUs,
        transitions: basis.record.transitions,
      },
      basis,
    );
  }

  /** Resolves when none of our writes is on the wire any more (design rule 11). */
  async settled(): Promise<void> {
    while (this.#onTheWire.size > 0) await Promise.allSettled(this.#onTheWire);
  }

  async #write(record: LeaderRecord, basis: Versioned | undefined): Promise<WriteOutcome> {
    const { clock, timing } = this.#options;
    this.#remember(record);
    const decided = new AbortController();
    const hedgeTimer = new AbortController();
    const first = this.#send({ record, basis, fresh: false, signal: decided.signal });
    void first.finally(() => {
      hedgeTimer.abort();
    });
    await clock.sleep(hedgeAfterMs(timing), hedgeTimer.signal);
    const outcome = hedgeTimer.signal.aborted
      ? await first
      : await firstDecision([
          first,
          this.#send({ record, basis, fresh: true, signal: decided.signal }),
        ]);
    decided.abort();
    if (outcome.kind === 'written') this.#acknowledge(record);
    return outcome;
  }

  async #send(write: {
    record: LeaderRecord;
    basis: Versioned | undefined;
    fresh: boolean;
    signal: AbortSignal;
  }): Promise<WriteOutcome> {
    const { lock, clock, requestTimeoutMs } = this.#options;
    const sentAtMs = this.trustTime.now();
    try {
      return await bounded(
        { clock, boundMs: requestTimeoutMs, signal: write.signal },
        async (cutOff) => {
          const { record, basis, fresh } = write;
          const sending = lock.write(record, basis, { signal: cutOff, fresh });
          this.#onTheWire.add(sending);
          const result = await sending.finally(() => this.#onTheWire.delete(sending));
          return result.kind === 'written' ? { ...result, sentAtMs } : result;
        },
      );
    } catch (thrown) {
      return { kind: 'fault', fault: asFault(thrown) };
    }
  }

  #signingTimeUs(): number {
    const { clock, random } = this.#options;
    return Math.floor(clock.wall()) * 1_000 + Math.floor(random() * 1_000);
  }

  #remember(record: LeaderRecord): void {
    this.#signatures.add(signature(record));
    for (const oldest of this.#signatures) {
      if (this.#signatures.size <= rememberedWrites) break;
      this.#signatures.delete(oldest);
    }
  }

  /** Compare-and-swap has put every earlier write of ours out of the running. */
  #acknowledge(record: LeaderRecord): void {
    this.#signatures.clear();
    this.#remember(record);
  }
}

function signature({ acquireTimeUs, renewTimeUs }: LeaderRecord): string {
  return `${String(acquireTimeUs)}/${String(renewTimeUs)}`;
}

/** Late enough to be rare, early enough that the second try and an answer fit before the renew deadline. */
function hedgeAfterMs({ retryPeriodMs, renewDeadlineMs }: Timing): number {
  return Math.min(retryPeriodMs, (renewDeadlineMs - retryPeriodMs) / 3);
}

/** The first outcome that is not a fault; the last fault if there is none. */
async function firstDecision(attempts: readonly Promise<WriteOutcome>[]): Promise<WriteOutcome> {
  try {
    return await Promise.any(
      attempts.map(async (attempt) => {
        const outcome = await attempt;
        // Promise.any waits for success, and a fault is none.
        if (outcome.kind === 'fault') throw outcome.fault;
        return outcome;
      }),
    );
  } catch (thrown) {
    const faults = thrown instanceof AggregateError ? (thrown.errors as unknown[]) : [thrown];
    return { kind: 'fault', fault: asFault(faults.at(-1)) };
  }
}
