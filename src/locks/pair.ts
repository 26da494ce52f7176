/**
 * One lock in two objects, for a fleet that moves from the kind of object that its old elector knows (first) to another
 * (second) in two rollouts: first kind → both → second kind. Compare-and-swap over two locks; knows nothing of objects.
 *
 *     take, renew    first ──▶ second ──▶ ours                 give back    second ──▶ first ──▶ free
 *                      │         └ conflict: half-way                         │          └ fault: half-way
 *                      └ conflict: nothing written                            └ conflict: nothing written
 *
 * A leader holds both, by one record. Let F be those who know only the first, S only the second, B both.
 *
 * - First rollout, F and B: both are ordinary candidates for the first object, and each claim of a B begins there. So no
 *   two of F ∪ B lead at once, whatever is in the second. Second rollout, B and S: the same of the second, without which
 *   no B leads. F and S share nothing: the first rollout has to be over before the second begins.
 * - R1, for each object by itself: the version of the pair changes with either, so what has been the same for the
 *   longest of the durations has been so in each. It costs liveness alone: a change of one restarts the wait for the other.
 * - Trust counts from before the first write, the earlier of both: whoever waits for either saw it written after that.
 *   Therefore a half-way write is never continued, but made anew, from the first object on.
 * - Given back in reverse: S may lead from the moment when the second is free, F when the first is, and both times the
 *   work is over. Who dies in between leaves the first to run out.
 * - Reading is not atomic, and need not be: each object is only overwritten in the version that was seen of it. A request to step down
 *   leaves the record of each as it was: what both say together is older than one of them while a renewal is half-way.
 *
 * Half-way, the first is ours and the second is not:
 *
 * - A claim that met a conflict, or was refused, in the second: nobody leads by the first, and it is given back at once.
 *   Otherwise its claimant would keep F from leading, and after the next release B would wait a lease for nobody.
 *   Only what was somebody else's or released is: a leader that makes its lost record again looks like a claimant.
 * - A claim without an answer: the first stays ours. If nobody has the second, it is a record of ours, to be claimed
 *   afresh, or given back by a withdrawal; if we are gone it runs out, as any. If somebody has, the pair differs.
 * - A renewal. `isPartial` keeps the record known as ours. The elector reads, and finds the two in one term (write afresh,
 *   from the first on), or somebody else in the second (lost; the first runs out).
 */
import { asFault, type LeaderRecord, type Lock, type RequestOptions } from '../election/lock.ts';
import type { Versioned, WriteResult } from '../election/lock.ts';
import { isReleased, isSameTerm } from '../election/record.ts';
import { combined, partRecord, partsOf, type Parts } from './pair-record.ts';
import { watchBoth } from './pair-watch.ts';

/** One lock that is kept in two; it can be watched when both can. Every fault is that of one of them. */
export function pairLock(first: Lock, second: Lock): Lock {
  const read = async (how: RequestOptions): Promise<Parts> => {
    const [one, other] = await Promise.all([first.read(how), second.read(how)]);
    return { first: one, second: other };
  };
  const [watchFirst, watchSecond] = [first.watch?.bind(first), second.watch?.bind(second)];
  return {
    async read(how) {
      return combined(await read(how));
    },
    write(record, basis, how) {
      const parts = partsOf(basis);
      // What one of them alone has been told is done, or has noted of past terms, goes into both.
      const { done = basis?.record.done, history = basis?.record.history } = record;
      const whole = { ...record, ...(done ? { done } : {}), ...(history ? { history } : {}) };
      const said: Said = {
        first: partRecord(whole, parts.first, basis),
        second: partRecord(whole, parts.second, basis),
      };
      return record.holder === ''
        ? giveBack({ first, second }, said, parts, how)
        : take({ first, second }, said, parts, how);
    },
    ...(watchFirst && watchSecond
      ? { watch: (signal) => watchBoth([watchFirst, watchSecond], read, signal) }
      : {}),
  };
}

interface Locks {
  readonly first: Lock;
  readonly second: Lock;
}

/** What is to be written into each. */
interface Said {
  readonly first: LeaderRecord;
  readonly second: LeaderRecord;
}

async function take(
  { first, second }: Locks,
  said: Said,
  basis: Parts,
  how: RequestOptions,
): Promise<WriteResult> {
  const one = await first.write(said.first, basis.first, how);
  if (one.kind === 'conflict') return one;
  // If the connection was to be a new one, it is by now.
  const { signal } = how;
  const undo = async () => {
    if (isTakeover(said.first, basis)) await releaseClaim(first, one.current, { signal });
  };
  try {
    const other = await second.write(said.second, basis.second, { signal });
    if (other.kind === 'written') return written({ first: one.current, second: other.current });
  } catch (thrown) {
    const fault = asFault(thrown);
    // A candidate that is refused and retries must not stand in the way of the others.
    if (fault.kind !== 'unreachable') await undo();
    throw fault;
  }
  await undo();
  return { kind: 'conflict', isPartial: true };
}

async function giveBack(
  { first, second }: Locks,
  said: Said,
  basis: Parts,
  how: RequestOptions,
): Promise<WriteResult> {
  const [firstIsHeld, secondIsHeld] = [isHeld(basis.first), isHeld(basis.second)];
  // Half a claim: the other half may not be ours to write.
  if (firstIsHeld && !secondIsHeld) {
    const one = await first.write(said.first, basis.first, how);
    return one.kind === 'conflict' ? one : written({ ...basis, first: one.current });
  }
  const other = await second.write(said.second, basis.second, how);
  if (other.kind === 'conflict') return other;
  const one = await first.write(said.first, basis.first, { signal: how.signal });
  if (one.kind === 'conflict') return { kind: 'conflict', isPartial: true };
  return written({ first: one.current, second: other.current });
}

function isHeld(part: Versioned | undefined): boolean {
  return part !== undefined && part.record.holder !== '';
}

function written(parts: Parts & { readonly first: Versioned }): WriteResult {
  return { kind: 'written', current: combined(parts) };
}

/** Whether it begins a term where somebody else's had been, so that nobody leads by half of it. */
function isTakeover(record: LeaderRecord, { first, second }: Parts): boolean {
  if (!first || (second && isSameTerm(second.record, record))) return false;
  const { record: before } = first;
  // Of our own term, a hand has cleared it.
  if (before.acquireTimeUs === record.acquireTimeUs && before.holder === '') return false;
  return before.holder === '' ? isReleased(before) : !isSameTerm(before, record);
}

async function releaseClaim(lock: Lock, claimed: Versioned, how: RequestOptions): Promise<void> {
  const { renewTimeUs } = claimed.record;
  const released = {
    ...claimed.record,
    holder: '',
    leaseDurationMs: 1_000,
    acquireTimeUs: renewTimeUs,
  };
  // If that does not work, it runs out.
  await lock.write(released, claimed, how).catch(() => undefined);
}
