/** What the claims about locks are made of. */
import assert from 'node:assert/strict';
import {
  LockFault,
  type LeaderRecord,
  type Lock,
  type PastTerm,
  type Sighting,
  type Versioned,
  type WriteResult,
} from '../election/lock.ts';
import { fencingTokenOf, isLater } from '../election/version.ts';

/** Far more than any request takes; a claim that needs it all is hanging. */
export function patiently(): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(60_000) };
}

export async function written(result: Promise<WriteResult>): Promise<Versioned> {
  const settled = await result;
  if (settled.kind === 'conflict') assert.fail('the write met a conflict');
  return settled.current;
}

export function assertRecord(actual: LeaderRecord | undefined, expected: LeaderRecord): void {
  assert.ok(actual, 'there is no record');
  const { holder, leaseDurationMs, acquireTimeUs, renewTimeUs, transitions } = actual;
  const { stepDown, done, history } = actual;
  const fields = { holder, leaseDurationMs, acquireTimeUs, renewTimeUs, transitions };
  const notes = {
    ...(stepDown ? { stepDown } : {}),
    ...(done ? { done: [...done] } : {}),
  };
  assert.deepEqual(
    { ...fields, ...notes, ...told(history) },
    { ...expected, ...told(expected.history) },
  );
}

/** A lock that keeps JSON has no word for undefined: what is not known may be left out. */
function told(history: readonly PastTerm[] | undefined): Pick<LeaderRecord, 'history'> {
  if (!history) return {};
  return {
    history: history.map(({ untilUs, exitStatus, ...term }) => ({ ...term, untilUs, exitStatus })),
  };
}

export async function assertConflict(result: Promise<WriteResult>): Promise<void> {
  assert.equal((await result).kind, 'conflict');
}

export async function assertUntouched(lock: Lock, expected: Versioned, record = expected.record) {
  const seen = await lock.read(patiently());
  assertRecord(seen?.record, record);
  assert.equal(seen?.version, expected.version);
}

export function assertLater(version: string, before: string): void {
  assert.ok(isLater(version, before) === true, `${version} is not later than ${before}`);
  const [token, tokenBefore] = [fencingTokenOf(version), fencingTokenOf(before)];
  assert.ok(BigInt(token) > BigInt(tokenBefore), `the token ${token} follows ${tokenBefore}`);
}

export async function assertOneWinner(
  lock: Lock,
  another: () => Lock,
  { record, basis }: { record: LeaderRecord; basis?: Versioned },
): Promise<void> {
  const candidates = Array.from({ length: 10 }, (_, index) => `candidate-${String(index)}`);
  const results = await Promise.all(
    candidates.map((holder) => another().write({ ...record, holder }, basis, patiently())),
  );
  const winners = results.filter((result) => result.kind === 'written');
  assert.equal(winners.length, 1, 'how many of ten have won');
  const [winner] = winners;
  if (winner !== undefined) await assertUntouched(lock, winner.current);
}

/** On the way there a watch may show anything, and twice. */
export async function assertShows(
  sightings: AsyncIterator<Sighting>,
  { holder }: LeaderRecord,
): Promise<void> {
  for (let seen: string | undefined; seen !== holder;) {
    const next = await sightings.next();
    if (next.done === true) assert.fail(`the watch has ended before it showed ${holder}`);
    seen = next.value.seen?.record.holder;
  }
}

export function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof LockFault && thrown.kind === 'unreachable';
}
