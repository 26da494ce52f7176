/**
 * Every write of this process to the lock goes through here.
 *
 * It signs every write with the times it carries and so knows its own writes again (R7): a record is
 * ours when holder, acquireTime and renewTime equal a write of ours, acknowledged or still outstanding. The
 * identity alone proves nothing, two processes may share one; hence the random microseconds in every time. Within
 * a term they increase strictly, whatever the wall clock does: no two writes say the same, so each is a new version. Only
 * a release has acquireTime equal to renewTime.
 *
 * It sends an unanswered request once more over a fresh connection (R8). Both carry the same basis, so at most one is
 * applied, and the first success counts from its own sending. A conflict decides, too: the other one is based on the same
 * outdated version and can change nothing any more. A caller that no longer wants the write stops the second sending.
 */
import { trustTime, type Clock, type TrustTime } from './clock.ts';
import {
  asFault,
  type LeaderRecord,
  type Lock,
  type LockFault,
  type Versioned,
  type WriteResult,
} from './lock.ts';
import type { Death } from './death.ts';
import { withEnd, withoutRelease, type Ending } from './history.ts';
import { withKey } from './record.ts';
import { always, Hedge, type IsWanted, type Send } from './request.ts';
import { Signatures, SigningTime } from './signatures.ts';
import type { Timing } from './timing.ts';

export interface Written {
  readonly kind: 'written';
  readonly current: Versioned;
  readonly sentAtMs: number;
}

export type WriteOutcome =
  | Written
  /**
   * `isCertain`: nothing of this write has been applied, unless somebody on the way has sent it twice. Otherwise only a
   * look can tell.
   */
  | { readonly kind: 'conflict'; readonly isCertain: boolean }
  /** Nobody knows whether it has been, or will still be, applied. */
  | { readonly kind: 'fault'; readonly fault: LockFault };

export interface WriterOptions {
  readonly lock: Lock;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly identity: string;
  /** Bound of each single request. */
  readonly requestTimeoutMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Whether to note on the lock how terms ended. */
  readonly history: boolean;
}

interface ClaimOptions {
  readonly isWanted?: IsWanted;
  /** The latest that was certified, whosever it is. */
  readonly death?: Death | undefined;
}

interface FreeOptions {
  readonly isWanted?: IsWanted;
  /** A key. */
  readonly done?: string | undefined;
  /** How the term has ended; undefined: there was none. */
  readonly ending?: Ending | undefined;
}

/** The facts of a term that every renewal repeats. */
export interface TermFacts {
  readonly acquireTimeUs: number;
  readonly transitions: number;
}

export class Writer {
  readonly trustTime: TrustTime;
  readonly #options: WriterOptions;
  readonly #signatures = new Signatures();
  readonly #signingTime: SigningTime;
  readonly #onTheWire = new Set<Promise<unknown>>();
  readonly #hedge: Hedge;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.trustTime = trustTime(options.clock);
    this.#signingTime = new SigningTime(options);
    this.#hedge = new Hedge(options);
  }

  /** Whether this process wrote exactly this record, be it a claim, a renewal or a release. */
  wrote(record: LeaderRecord): boolean {
    return this.#signatures.has(record);
  }

  /** Whether this process wrote exactly this record, and as its holder. */
  isOurs(record: LeaderRecord | undefined): record is LeaderRecord {
    return record !== undefined && record.holder !== '' && this.wrote(record);
  }

  /** Whether it equals a claim of ours that was refused: it may have been applied all the same, or be a twin's. */
  isDoubtful(record: LeaderRecord): boolean {
    return this.#signatures.isDoubtful(record);
  }

  /** @throws {LockFault} within `boundMs`, at most the request timeout */
  async read(signal?: AbortSignal, boundMs = Infinity): Promise<Versioned | undefined> {
    const { lock, requestTimeoutMs } = this.#options;
    const send: Send<Versioned | undefined> = async (cutOff, fresh) =>
      lock.read({ signal: cutOff, fresh });
    const how = { signal, boundMs: Math.min(boundMs, requestTimeoutMs), isWanted: always };
    return (await this.#hedge.send(send, how)).answer;
  }

  /** Begins a term on top of `basis`. */
  claim(basis: Versioned | undefined, how: ClaimOptions = {}): Promise<WriteOutcome> {
    const { isWanted = always, death } = how;
    const previous = basis?.record;
    const changesHolder = previous !== undefined && !this.isOurs(previous);
    const transitions = (previous?.transitions ?? 0) + (changesHolder ? 1 : 0);
    const facts = { acquireTimeUs: this.#signingTime.beginUs(), transitions };
    const isNoted = changesHolder && this.#options.history;
    const history = isNoted ? withoutRelease(previous, death) : undefined;
    return this.#write(
      { ...this.#record(facts), ...(history ? { history } : {}) },
      basis,
      isWanted,
    );
  }

  /** Says again that the term described by `facts` goes on; `undefined` as basis re-creates a deleted object. */
  renew(facts: TermFacts, basis: Versioned | undefined, isWanted = always): Promise<WriteOutcome> {
    return this.#write(this.#record(facts), basis, isWanted);
  }

  /** Hands the lock back, as client-go does: holder "", one second. In the same write, what is done is stored. */
  free(basis: Versioned, how: FreeOptions = {}): Promise<WriteOutcome> {
    const { isWanted = always, done, ending } = how;
    const nowUs = this.#signingTime.nextUs();
    const isNoted = ending !== undefined && this.#options.history;
    const history = isNoted ? withEnd(basis.record, ending, nowUs) : undefined;
    const record = {
      holder: '',
      leaseDurationMs: 1_000,
      acquireTimeUs: nowUs,
      renewTimeUs: nowUs,
      transitions: basis.record.transitions,
      ...(done === undefined ? {} : { done: withKey(basis.record.done, done) }),
      ...(history ? { history } : {}),
    };
    return this.#write(record, basis, isWanted);
  }

  /** Resolves when none of our writes is on the wire any more (R11), and we know what we can of each. */
  async settled(): Promise<void> {
    while (this.#onTheWire.size > 0) await Promise.allSettled(this.#onTheWire);
  }

  /** Waits for no answer any more. What has been sent may still be applied. */
  abandon(): void {
    this.#hedge.abandon();
  }

  #record({ acquireTimeUs, transitions }: TermFacts): LeaderRecord {
    const { identity, timing } = this.#options;
    return {
      holder: identity,
      leaseDurationMs: timing.leaseDurationMs,
      acquireTimeUs,
      renewTimeUs: this.#signingTime.nextUs(),
      transitions,
    };
  }

  #write(
    record: LeaderRecord,
    basis: Versioned | undefined,
    isWanted: IsWanted,
  ): Promise<WriteOutcome> {
    this.#signatures.add(record);
    const send: Send<WriteResult & { sentAtMs: number }> = async (cutOff, fresh) => {
      const sentAtMs = this.trustTime.now();
      const { lock } = this.#options;
      const sending = Promise.resolve(lock.write(record, basis, { signal: cutOff, fresh }));
      return { ...(await this.#track(sending)), sentAtMs };
    };
    return this.#track(this.#decide(record, send, isWanted));
  }

  async #decide(
    record: LeaderRecord,
    send: Send<WriteResult & { sentAtMs: number }>,
    isWanted: IsWanted,
  ): Promise<WriteOutcome> {
    try {
      const { answer, isHedged } = await this.#hedge.send(send, { isWanted });
      if (answer.kind === 'written') this.#signatures.acknowledge(record);
      if (answer.kind === 'written') return answer;
      const isCertain = !isHedged && !answer.isPartial;
      if (isCertain) this.#signatures.refuse(record);
      return { kind: 'conflict', isCertain };
    } catch (thrown) {
      return { kind: 'fault', fault: asFault(thrown) };
    }
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#onTheWire.add(work);
    try {
      return await work;
    } finally {
      this.#onTheWire.delete(work);
    }
  }
}
