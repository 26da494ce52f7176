/**
 * What stands on a lock object beside who leads, and what becomes of it.
 *
 * A write that does not speak of it leaves it as it is. Only a wish for another term than the one that is written goes:
 * its time is over.
 */
import type { LeaderRecord, Remarks, Wish } from './lock.ts';

/** More than that many keys are not kept: the oldest go. */
export const mostKeys = 100;

/** Whether it is this very term that the wish is about. */
export function isFor(wish: Wish | undefined, { holder, acquireTimeUs }: LeaderRecord): boolean {
  return wish?.holder === holder && wish.acquireTimeUs === acquireTimeUs;
}

/** The record as it stands on the object once it has been written over the one `before`. */
export function recordAfter(record: LeaderRecord, before: Remarks | undefined): LeaderRecord {
  const { wish = before?.wish, done = before?.done, ...said } = record;
  return {
    ...said,
    ...(isFor(wish, record) ? { wish } : {}),
    ...(done?.length ? { done: done.slice(-mostKeys) } : {}),
  };
}

/** The keys, with one more as the latest. */
export function withKey(done: readonly string[] | undefined, key: string): readonly string[] {
  return [...(done ?? []).filter((each) => each !== key), key].slice(-mostKeys);
}

export function isDone({ done }: Remarks, key: string): boolean {
  return done?.includes(key) ?? false;
}
