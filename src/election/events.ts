/** Everything an elector reports, once per change of state. Loggers and metrics listen to this union. */
import type { LeaderRecord, LockFault } from './lock.ts';

/**
 * Why a term ended while its command ran.
 * - `expired`: no renewal was acknowledged in time; the command may use the rest of the stop budget
 * - `usurped`: an answer to our own request names another holder, whose command may be running already
 * - `unsupported`: the object can no longer be used for this election
 */
export type Loss =
  | { readonly kind: 'expired' }
  | { readonly kind: 'usurped'; readonly holder: string }
  | { readonly kind: 'unsupported'; readonly fault: LockFault };

/** What somebody outside the election did to the leader's record. */
export type ForeignEdit = 'deleted' | 'emptied' | 'edited';

export type ReleaseOutcome =
  /** `isForgetful`: but the key that was to be kept is not on it, this lock keeps nothing but the record. */
  | { readonly kind: 'released'; readonly isForgetful?: true }
  /** The record is not (or no longer) our write. It was left alone. */
  | { readonly kind: 'not-ours' }
  /** The lease runs out by itself. */
  | { readonly kind: 'failed'; readonly fault: LockFault };

/** `conflict`: the object was no longer as we had left it. `failed`: nobody knows whether it was written. */
export type RenewalResult = 'acknowledged' | 'conflict' | 'failed';

export type ElectionEvent =
  | {
      readonly kind: 'standing-by';
      readonly record: LeaderRecord;
      readonly freeInMs: number;
      /** When patience ends; Infinity if it never does. */
      readonly givesUpInMs: number;
    }
  /** The object was deleted or emptied by force. The last holder may still lead for this long. */
  | { readonly kind: 'waiting-out'; readonly freeInMs: number }
  /** That holder, and all that it started, is certified to be gone: nobody waits for its lease. */
  | { readonly kind: 'holder-dead'; readonly holder: string }
  | { readonly kind: 'out-of-reach'; readonly fault: LockFault }
  | { readonly kind: 'in-reach' }
  /** The lock cannot be watched: candidates poll it, and leaders find out when they renew. */
  | { readonly kind: 'unwatched'; readonly fault: LockFault }
  | { readonly kind: 'watched' }
  /** A watch has ended or failed; another follows. For counters. */
  | { readonly kind: 'watch-ended'; readonly fault: LockFault | undefined }
  | { readonly kind: 'elected'; readonly fencingToken: string; readonly transitions: number }
  /** One attempt to renew is over. For counters. */
  | {
      readonly kind: 'renewal';
      readonly result: RenewalResult;
      /** From its beginning to the answer, or to when none was waited for any more. */
      readonly tookMs: number;
    }
  | { readonly kind: 'renewal-failing'; readonly fault: LockFault; readonly lossInMs: number }
  | { readonly kind: 'renewal-recovered' }
  /** Somebody had deleted, emptied or edited our record; we have written it again. */
  | { readonly kind: 'restored'; readonly found: ForeignEdit }
  | { readonly kind: 'suspended'; readonly forMs: number }
  | { readonly kind: 'resumed' }
  /** Somebody asked the leader to hand over: the work should end, then the lock is handed back. */
  | { readonly kind: 'asked-to-step-down' }
  /** The last term was asked to step down, so others go first for this long, or until one has led. */
  | { readonly kind: 'standing-aside'; readonly forMs: number }
  | { readonly kind: 'lost'; readonly loss: Loss }
  | { readonly kind: 'release'; readonly outcome: ReleaseOutcome };

export type ElectionListener = (event: ElectionEvent) => void;

/** A listener that throws must not cost a term, or keep one. */
export function undisturbed<T>(listener: (what: T) => void): (what: T) => void {
  return (what) => {
    try {
      listener(what);
    } catch {
      // Nobody here can do anything about it.
    }
  };
}

/** The term has been lost. */
export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost';
  readonly loss: Loss;

  constructor(loss: Loss) {
    super(`leadership was lost: ${reasonOf(loss)}`);
    this.loss = loss;
  }
}

/** Somebody asked the leader to hand over (`k8s-leader step-down`). The lock is renewed until it is released. */
export class AskedToStepDown extends Error {
  override readonly name = 'AskedToStepDown';

  constructor() {
    super('the leader has been asked to step down');
  }
}

/** The term has been handed back: whatever still runs under it should have ended before. */
export class TermReleased extends Error {
  override readonly name = 'TermReleased';

  constructor() {
    super('the term has been released');
  }
}

function reasonOf(loss: Loss): string {
  switch (loss.kind) {
    case 'expired':
      return 'no renewal was acknowledged in time';
    case 'usurped':
      return `${JSON.stringify(loss.holder)} holds the lock`;
    case 'unsupported':
      return loss.fault.message;
    default:
      return loss satisfies never;
  }
}
