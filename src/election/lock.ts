/**
 * The port through which the election sees the lock object: compare-and-swap and nothing else.
 * A lock holds no state of its own; everything it needs to write a version on top of another one travels
 * in {@link Versioned}. Conflicts and absence are values; only faults are thrown.
 */

/** What a lock object may say beside the record. Nothing about leadership depends on it. */
export interface Notes {
  /** Asks a term to end. In a write, undefined leaves what is there. */
  readonly stepDown?: StepDownRequest | undefined;
  /** Keys of what has been done once for all, the latest last. In a write, undefined leaves those that are there. */
  readonly done?: readonly string[] | undefined;
  /** Terms that have ended, the latest last. In a write, undefined leaves those that are there. */
  readonly history?: readonly PastTerm[] | undefined;
  /** Where the holder runs. In a write, undefined leaves that of the same term. */
  readonly home?: Home | undefined;
}

/** Asks this term of this holder to end. Later terms ignore it. */
export interface StepDownRequest {
  readonly holder: string;
  readonly acquireTimeUs: number;
}

/** A term that has ended. */
export interface PastTerm {
  readonly holder: string;
  readonly acquireTimeUs: number;
  /** When it ended, by the clock of who ended it, or certified that; of one that expired, when its lease did. Undefined: nobody knows. */
  readonly untilUs: number | undefined;
  /**
   * - `released`: the work was over, and its holder handed the lock back
   * - `stepped-down`: the same, because somebody asked for it
   * - `lost`: its holder could not renew it, stopped the work, and handed the lock back
   * - `expired`: nobody renewed it, and another claimed
   * - `died`: its holder was certified to be dead, and another claimed
   * - `cleared`: somebody cleared the record by force
   */
  readonly ended: (typeof endings)[number];
  /** Of a command, if it had ended by itself. */
  readonly exitStatus?: number | undefined;
}

export const endings = ['released', 'stepped-down', 'lost', 'expired', 'died', 'cleared'] as const;

/** Where the holder of this term runs, for those who can learn of its death there. Other terms ignore it. */
export interface Home {
  readonly holder: string;
  readonly acquireTimeUs: number;
  /** What the place is called, and a word that only the holder's process has ever used. */
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * What a lock object says about leadership, and the notes beside it. Times are for people and for telling our own
 * writes apart.
 */
export interface LeaderRecord extends Notes {
  /** Identity of the holder; empty when nobody holds the lock. */
  readonly holder: string;
  /** How long the holder's claim lasts after its latest renewal; undefined when the record does not say. */
  readonly leaseDurationMs: number | undefined;
  /** When the holder's term began, microseconds since 1970. */
  readonly acquireTimeUs: number | undefined;
  /** When the holder renewed last, microseconds since 1970. */
  readonly renewTimeUs: number | undefined;
  /** How often the holder has changed. */
  readonly transitions: number;
}

/** One version of the lock object, as read or as written. */
export interface Versioned {
  readonly record: LeaderRecord;
  /**
   * Differs between any two states of the object. Of two decimal numbers the greater is the later state, and the token
   * of a term that begins with it; `version.ts` knows the order of all that it may be.
   */
  readonly version: string;
  /** Whatever the lock needs to write on top of this version without losing what is not ours. */
  readonly origin: unknown;
  /**
   * Which object it is: one that has been deleted and created again has another uid. Undefined where nobody can tell. Of a
   * lock in several objects those of all of them, joined as versions are.
   */
  readonly uid?: string | undefined;
  /**
   * Of a lock that is kept in several objects: they do not say the same. A write has been applied to some of them only,
   * or a hand has changed one.
   */
  readonly isTorn?: boolean;
  /**
   * Of a lock that is kept in several objects: the versions of those that nobody holds though nobody has released them,
   * joined as versions are. Half a claim in another object may hide them from the record.
   */
  readonly emptied?: string;
}

/** What a watch shows: the object as a change has left it. */
export interface Sighting {
  /** The version that came of the change, of a deletion too. */
  readonly version: string;
  /** Undefined when the change was a deletion. */
  readonly seen: Versioned | undefined;
}

export interface RequestOptions {
  readonly signal: AbortSignal;
  /** Over a new connection, which later requests may use: the present one may be dead without our knowing. */
  readonly fresh?: boolean;
}

export type WriteResult =
  | { readonly kind: 'written'; readonly current: Versioned }
  /**
   * The object is no longer (or not yet) at the version the write was based on. Nothing was written, unless `isPartial`:
   * that was met in one of several objects, and another says it now, or has for a moment.
   */
  | { readonly kind: 'conflict'; readonly isPartial?: boolean };

export interface Lock {
  /** The latest state, never a cached one; undefined when the object does not exist. @throws {LockFault} */
  read(options: RequestOptions): Promise<Versioned | undefined>;
  /**
   * Writes `record` if the object is still at `basis`; `undefined` as basis creates it. Everything in the
   * object that is not leadership survives (R13), including notes that the record does not mention: `recordAfter` says
   * what becomes of them. A fault leaves open whether the write has been or will be applied.
   * @throws {LockFault}
   */
  write(
    record: LeaderRecord,
    basis: Versioned | undefined,
    options: RequestOptions,
  ): Promise<WriteResult>;
  /**
   * Resolves when watching has begun. Yields the present state, if there is one, and then every change, perhaps late,
   * twice, out of order or never: hints, no proofs. Ends when `signal` aborts, or the server has had enough.
   * @throws {LockFault} here and while iterating
   */
  watch?(signal: AbortSignal): Promise<AsyncIterable<Sighting>>;
}

/**
 * - `unreachable`: no usable answer (network, overload, server trouble, garbage); trying again may help
 * - `denied`: the server understood and refuses us; trying again helps once somebody changes permissions
 * - `unsupported`: this object cannot be used for an election at all; trying again is pointless
 */
export type FaultKind = 'unreachable' | 'denied' | 'unsupported';

/** The one exception a lock throws. The message is one line for people; `hint` says what they can do. */
export class LockFault extends Error {
  override readonly name = 'LockFault';
  readonly kind: FaultKind;
  readonly hint: string | undefined;
  /** How long the server asked us to stay away. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: FaultKind,
    message: string,
    options: { hint?: string | undefined; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.hint = options.hint;
    this.retryAfterMs = Number.isFinite(options.retryAfterMs) ? options.retryAfterMs : undefined;
  }
}

/** Any exception as a fault: a lock that throws something else is treated as out of reach for the moment. */
export function asFault(thrown: unknown): LockFault {
  if (thrown instanceof LockFault) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LockFault('unreachable', message, { cause: thrown });
}
