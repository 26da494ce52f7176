/**
 * The one hand with which this process writes to the lock.
 *
 * It signs every write with the times it carries and so knows its own writes again (design rule 7): a record is
 * ours when holder, acquireTime and renewTime equal a write of ours, acknowledged or still outstanding. The
 * identity alone proves nothing, two processes may share one; hence the random microseconds in every time.
 *
 * It sends an unanswered write once more over a fresh connection (rule 8). Both carry the same basis, so at most
 * one is applied, and the first success counts from its own sending. A conflict decides as well: whatever is
 * still on the wire is based on the same, now outdated, version and can change nothing any more. Nothing is sent
 * that its sender no longer wants.
 */
import { bounded } from './bounded.ts';
import type { Clock } from './clock.ts';
import { asFault, type LeaderRecord, type Lock, type LockFault, type Versioned } from './lock.ts';
import type { Timing } from './timing.ts';
import { trustTime, type TrustTime } from './trust-time.ts';

export type WriteOutcome =
  | { readonly kind: 'written'; readonly current: Versioned; readonly sentAtMs: number }
  /** `isCertain`: nothing of this write can have been applied. Otherwise only a look can tell. */
  | { readonly kind: 'conflict'; readonly isCertain: boolean }
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

/** Asked before a write is sent a second time. */
export type IsWanted = () => boolean;
const always: IsWanted = () => true;

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
  /** In the order of writing: the latest acknowledged one, and those that may have been applied since. */
  readonly #signatures = new Set<string>();
  readonly #onTheWire = new Set<Promise<unknown>>();
  readonly #undecided = new Set<AbortController>();
  #connectionIsSuspect = false;

  constructor(options: PenOptions) {
    this.#options = options;
    this.trustTime = trustTime(options.clock);
  }

  /** Whether this process wrote exactly this record, be it a claim, a renewal or a release. */
  wrote(record: LeaderRecord): boolean {
    return this.#signatures.has(signature(record));
  }

  /** Whether this process wrote exactly this record, and as its holder. */
  isOurs(record: LeaderRecord): boolean {
    return record.holder !== '' && this.wrote(record);
  }

  /** @throws {LockFault} within `boundMs`, at most the request timeout */
  async read(signal?: AbortSignal, boundMs = Infinity): Promise<Versioned | undefined> {
    const { lock, clock, requestTimeoutMs } = this.#options;
    const bound = { clock, boundMs: Math.min(boundMs, requestTimeoutMs), signal };
    const fresh = this.#connectionIsSuspect;
    return bounded(bound, async (cutOff) => lock.read({ signal: cutOff, fresh }));
  }

  /** Begins a term on top of `basis`. */
  claim(basis: Versioned | undefined, isWanted = always): Promise<WriteOutcome> {
    const previous = basis?.record;
    const changesHolder = previous !== undefined && !this.isOurs(previous);
    const transitions = (previous?.transitions ?? 0) + (changesHolder ? 1 : 0);
    return this.renew({ acquireTimeUs: this.#signingTimeUs(), transitions }, basis, isWanted);
  }

  /** Says again that the term described by `facts` goes on; `undefined` as basis re-creates a deleted object. */
  renew(facts: TermFacts, basis: Versioned | undefined, isWanted = always): Promise<WriteOutcome> {
    const record = {
      holder: this.#options.identity,
      leaseDurationMs: this.#options.timing.leaseDurationMs,
      acquireTimeUs: facts.acquireTimeUs,
      renewTimeUs: this.#signingTimeUs(),
      transitions: facts.transitions,
    };
    return this.#write(record, basis, isWanted);
  }

  /** Hands the lock back, as client-go does: holder "", one second. */
  free(basis: Versioned, isWanted = always): Promise<WriteOutcome> {
    const nowUs = this.#signingTimeUs();
    const record = {
      holder: '',
      leaseDurationMs: 1_000,
      acquireTimeUs: nowUs,
      renewTimeUs: nowUs,
      transitions: basis.record.transitions,
    };
    return this.#write(record, basis, isWanted);
  }

  /** Resolves when none of our writes is on the wire any more (design rule 11). */
  async settled(): Promise<void> {
    while (this.#onTheWire.size > 0) await Promise.allSettled(this.#onTheWire);
  }

  /** Waits for no answer any more. What has been sent may still be applied. */
  abandon(): void {
    for (const decided of this.#undecided) decided.abort();
  }

  async #write(
    record: LeaderRecord,
    basis: Versioned | undefined,
    isWanted: IsWanted,
  ): Promise<WriteOutcome> {
    const { clock, timing } = this.#options;
    this.#remember(record);
    const decided = new AbortController();
    this.#undecided.add(decided);
    const answered = new AbortController();
    const send = (fresh: boolean) => this.#send({ record, basis, fresh, signal: decided.signal });
    const first = send(this.#connectionIsSuspect).finally(() => {
      answered.abort();
    });
    await clock.sleep(hedgeAfterMs(timing), answered.signal);
    const isHedged = !answered.signal.aborted && isWanted();
    if (isHedged) this.#connectionIsSuspect = true;
    const outcome = isHedged ? await firstDecision([first, send(true)]) : await first;
    decided.abort();
    this.#undecided.delete(decided);
    if (outcome.kind === 'written') {
      this.#acknowledge(record);
      this.#connectionIsSuspect = false;
    }
    if (outcome.kind !== 'conflict') return outcome;
    if (!isHedged) this.#signatures.delete(signature(record));
    return { kind: 'conflict', isCertain: !isHedged };
  }

  async #send(write: {
    record: LeaderRecord;
    basis: Versioned | undefined;
    fresh: boolean;
    signal: AbortSignal;
  }): Promise<WriteOutcome> {
    const { lock, clock, requestTimeoutMs } = this.#options;
    const { record, basis, fresh, signal } = write;
    const sentAtMs = this.trustTime.now();
    try {
      const bound = { clock, boundMs: requestTimeoutMs, signal };
      const result = await bounded(bound, async (cutOff) => {
        const sending = Promise.resolve(lock.write(record, basis, { signal: cutOff, fresh }));
        this.#onTheWire.add(sending);
        return sending.finally(() => this.#onTheWire.delete(sending));
      });
      return result.kind === 'written'
        ? { ...result, sentAtMs }
        : { kind: 'conflict', isCertain: true };
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

  /** Compare-and-swap has put every earlier write of ours out of the running; later ones may be under way. */
  #acknowledge(record: LeaderRecord): void {
    const acknowledged = signature(record);
    if (!this.#signatures.has(acknowledged)) return;
    for (const earlier of this.#signatures) {
      if (earlier === acknowledged) return;
      this.#signatures.delete(earlier);
    }
  }
}

function signature({ holder, acquireTimeUs, renewTimeUs }: LeaderRecord): string {
  return `${String(acquireTimeUs)}/${String(renewTimeUs)}/${holder}`;
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
