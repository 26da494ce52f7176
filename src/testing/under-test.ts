/** What the claims about locks are told of a lock, and what they write to it. */
import type { LeaderRecord, Lock } from '../election/lock.ts';

/** A lock object that does not exist yet, and what the claims need to do with it. */
export interface LockUnderTest {
  readonly lock: Lock;
  /** A second handle on the same object, as another candidate has one. */
  readonly another: () => Lock;
  /** Deletes the object behind the back of all handles. */
  readonly remove: () => Promise<void>;
  /** That it stores only the record: then `--once` and `step-down` are not for it. By default it has to. */
  readonly isForgetful?: boolean;
  /** That it cannot be watched. By default it has to be. */
  readonly isUnwatched?: boolean;
  /** Lets go of everything; called when the claim has been checked, whatever came of it. */
  readonly close: () => Promise<void>;
}

export type Check = (under: LockUnderTest) => Promise<void>;

export const held: LeaderRecord = {
  holder: 'web-0_2f6b',
  leaseDurationMs: 15_000,
  acquireTimeUs: 1_763_714_400_000_001,
  renewTimeUs: 1_763_714_412_345_678,
  transitions: 3,
};
export const taken: LeaderRecord = { ...held, holder: 'web-1_77aa', transitions: 4 };
