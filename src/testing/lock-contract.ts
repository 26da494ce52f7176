/**
 * What the election relies on in every lock, as claims that any test runner can check. Ours are checked with the same.
 *
 *     for (const { title, check } of lockContract(async () => ({ lock, another, remove, close }))) test(title, check);
 */
import assert from 'node:assert/strict';
import { LockFault, type LeaderRecord, type Versioned } from '../election/lock.ts';
import {
  assertConflict,
  assertLater,
  assertOneWinner,
  assertRecord,
  assertShows,
  assertUntouched,
  isUnreachable,
  patiently,
  written,
} from './assertions.ts';
import { noteClaims } from './note-claims.ts';
import { held, taken, type Check, type LockUnderTest } from './under-test.ts';

export type { LockUnderTest };

/** One thing that the election relies on. */
export interface Claim {
  readonly title: string;
  /** Rejects with an AssertionError, or with what the lock threw, when it does not hold. */
  readonly check: () => Promise<void>;
}

/** All claims about the kind of lock that `setup` makes; it is called anew for each of them. */
export function lockContract(setup: () => Promise<LockUnderTest>): readonly Claim[] {
  return claims.map(([title, check]) => ({
    title,
    check: async () => {
      const under = await setup();
      try {
        await check(under);
      } finally {
        await under.close();
      }
    },
  }));
}

const roundTrips: readonly [what: string, record: LeaderRecord][] = [
  ['microseconds', held],
  ['nobody holds it', { ...held, holder: '', leaseDurationMs: 1_000 }],
  ['no duration', { ...held, leaseDurationMs: undefined }],
  ['no times', { ...held, acquireTimeUs: undefined, renewTimeUs: undefined }],
  ['no transitions', { ...held, transitions: 0 }],
  ['many transitions', { ...held, transitions: 2_147_483_647 }],
  ['a long duration', { ...held, leaseDurationMs: 315_360_000_000 }],
  ['an identity in many scripts', { ...held, holder: 'größe λ 領導者 🦊 "\'\\%' }],
];

const claims: readonly (readonly [title: string, check: Check])[] = [
  [
    'an object that does not exist reads as undefined',
    async ({ lock }) => {
      assert.equal(await lock.read(patiently()), undefined);
    },
  ],
  [
    'what one candidate creates, another reads',
    async ({ lock, another }) => {
      const created = await written(lock.write(held, undefined, patiently()));
      assertRecord(created.record, held);
      await assertUntouched(another(), created, held);
    },
  ],
  ...roundTrips.map(([what, record]): [string, Check] => [
    `a record comes back exactly: ${what}`,
    async ({ lock, another }) => {
      await written(lock.write(record, undefined, patiently()));
      assertRecord((await another().read(patiently()))?.record, record);
      const basis = await lock.read(patiently());
      await written(lock.write(held, basis, patiently()));
      await written(lock.write(record, await lock.read(patiently()), patiently()));
      assertRecord((await another().read(patiently()))?.record, record);
    },
  ]),
  [
    'the answer to a write is the basis of the next one',
    async ({ lock, another }) => {
      const created = await written(lock.write(held, undefined, patiently()));
      const renewed = await written(lock.write(taken, created, patiently()));
      await written(another().write(held, renewed, patiently()));
      assertRecord((await lock.read(patiently()))?.record, held);
    },
  ],
  [
    'creating what exists conflicts and changes nothing',
    async ({ lock, another }) => {
      const created = await written(lock.write(held, undefined, patiently()));
      await assertConflict(another().write(taken, undefined, patiently()));
      await assertUntouched(lock, created);
    },
  ],
  [
    'writing on a stale version conflicts, changes nothing',
    async ({ lock, another }) => {
      const stale = await written(lock.write(held, undefined, patiently()));
      const current = await written(another().write(taken, stale, patiently()));
      await assertConflict(lock.write(held, stale, patiently()));
      await assertUntouched(lock, current);
    },
  ],
  [
    'writing the same record again is still a new version',
    async ({ lock }) => {
      const first = await written(lock.write(held, undefined, patiently()));
      const again = { ...held, renewTimeUs: 1_763_714_412_345_679 };
      const second = await written(lock.write(again, first, patiently()));
      await assertConflict(lock.write(held, first, patiently()));
      await assertUntouched(lock, second);
    },
  ],
  [
    'writing on a deleted object conflicts, creates none',
    async ({ lock, remove }) => {
      const basis = await written(lock.write(held, undefined, patiently()));
      await remove();
      await assertConflict(lock.write(taken, basis, patiently()));
      assert.equal(await lock.read(patiently()), undefined);
    },
  ],
  [
    'writing on a deleted and re-created object conflicts',
    async ({ lock, remove }) => {
      const basis = await written(lock.write(held, undefined, patiently()));
      await remove();
      const current = await written(lock.write(held, undefined, patiently()));
      await assertConflict(lock.write(taken, basis, patiently()));
      await assertUntouched(lock, current);
    },
  ],
  [
    'where a lock tells a uid, an object keeps it until it is deleted, and the next has another',
    async ({ lock, another, remove }) => {
      const created = await written(lock.write(held, undefined, patiently()));
      const { uid } = await written(lock.write(taken, created, patiently()));
      assert.equal(uid, created.uid);
      assert.equal((await another().read(patiently()))?.uid, uid);
      await remove();
      const next = await written(lock.write(held, undefined, patiently()));
      if (uid !== undefined) assert.notEqual(next.uid, uid);
    },
  ],
  [
    'versions grow, also across deletion, and a token with them',
    async ({ lock, remove }) => {
      let before: string | undefined;
      for (let life = 0; life < 3; life++) {
        let basis: Versioned | undefined;
        for (let turn = 0; turn < 3; turn++) {
          basis = await written(lock.write({ ...held, transitions: turn }, basis, patiently()));
          if (before !== undefined) assertLater(basis.version, before);
          before = basis.version;
        }
        await remove();
      }
    },
  ],
  [
    'of ten creators at once exactly one wins',
    async ({ lock, another }) => {
      await assertOneWinner(lock, another, { record: held });
    },
  ],
  [
    'of ten writers on one version exactly one wins',
    async ({ lock, another }) => {
      const basis = await written(lock.write(held, undefined, patiently()));
      await assertOneWinner(lock, another, { record: held, basis });
    },
  ],
  [
    'a request that was given up before it began is a fault',
    async ({ lock }) => {
      const signal = AbortSignal.abort();
      await assert.rejects(lock.read({ signal }), isUnreachable);
      await assert.rejects(lock.write(held, undefined, { signal }), isUnreachable);
    },
  ],
  [
    'a request that is given up is answered or a fault',
    async ({ lock }) => {
      const giveUp = new AbortController();
      const requests = Promise.allSettled([
        lock.read({ signal: giveUp.signal }),
        lock.write(held, undefined, { signal: giveUp.signal }),
      ]);
      giveUp.abort();
      for (const request of await requests)
        assert.ok(request.status === 'fulfilled' || request.reason instanceof LockFault);
    },
  ],
  ...noteClaims,
  [
    'a watch shows what is there and what becomes of it, unless there is said to be none',
    async ({ lock, another, isUnwatched = false }) => {
      assert.equal(lock.watch === undefined, isUnwatched);
      if (!lock.watch) return;
      const created = await written(lock.write(held, undefined, patiently()));
      const giveUp = new AbortController();
      const signal = AbortSignal.any([giveUp.signal, patiently().signal]);
      const sightings = (await lock.watch(signal))[Symbol.asyncIterator]();
      await assertShows(sightings, held);
      await written(another().write(taken, created, patiently()));
      await assertShows(sightings, taken);
      giveUp.abort();
      await sightings.return?.();
    },
  ],
];
