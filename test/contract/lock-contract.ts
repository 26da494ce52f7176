/** What the election relies on in every lock. Each kind of lock runs this suite from its own test file. */
import { describe, expect, test } from 'vitest';
import {
  LockFault,
  type LeaderRecord,
  type Lock,
  type Versioned,
  type WriteResult,
} from '../../src/election/lock.ts';
import { fencingTokenOf, isLater } from '../../src/election/version.ts';

/** A lock object that does not exist yet, and what the suite needs to do with it. */
export interface LockUnderTest {
  readonly lock: Lock;
  /** A second handle on the same object, as another candidate has one. */
  readonly another: () => Lock;
  /** Deletes the object behind the back of all handles. */
  readonly remove: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const held: LeaderRecord = {
  holder: 'web-0_2f6b',
  leaseDurationMs: 15_000,
  acquireTimeUs: 1_763_714_400_000_001,
  renewTimeUs: 1_763_714_412_345_678,
  transitions: 3,
};
const taken: LeaderRecord = { ...held, holder: 'web-1_77aa', transitions: 4 };

/** Claims about a lock called `name`; `setup` is called anew for each of them. */
export function lockContract(name: string, setup: () => Promise<LockUnderTest>): void {
  const claim = (title: string, check: (under: LockUnderTest) => Promise<void>) => {
    test(title, async () => {
      const under = await setup();
      try {
        await check(under);
      } finally {
        await under.close();
      }
    });
  };

  describe(`${name} keeps the lock contract:`, () => {
    claim('an object that does not exist reads as undefined', async ({ lock }) => {
      expect(await lock.read(patiently())).toBeUndefined();
    });

    claim('what one candidate creates, another reads', async ({ lock, another }) => {
      const created = await written(lock.write(held, undefined, patiently()));
      expect(created.record).toEqual(held);
      const seen = await another().read(patiently());
      expect(seen).toMatchObject({ record: held, version: created.version });
    });

    describe.each(roundTrips)('a record comes back exactly:', (what, record) => {
      claim(what, async ({ lock, another }) => {
        await written(lock.write(record, undefined, patiently()));
        expect((await another().read(patiently()))?.record).toEqual(record);
        const basis = await lock.read(patiently());
        await written(lock.write(held, basis, patiently()));
        await written(lock.write(record, await lock.read(patiently()), patiently()));
        expect((await another().read(patiently()))?.record).toEqual(record);
      });
    });

    claim('the answer to a write is the basis of the next one', async ({ lock, another }) => {
      const created = await written(lock.write(held, undefined, patiently()));
      const renewed = await written(lock.write(taken, created, patiently()));
      await written(another().write(held, renewed, patiently()));
      expect((await lock.read(patiently()))?.record).toEqual(held);
    });

    claim('creating what exists conflicts and changes nothing', async ({ lock, another }) => {
      const created = await written(lock.write(held, undefined, patiently()));
      expect(await another().write(taken, undefined, patiently())).toEqual({ kind: 'conflict' });
      await expectUntouched(lock, created);
    });

    claim('writing on a stale version conflicts, changes nothing', async ({ lock, another }) => {
      const stale = await written(lock.write(held, undefined, patiently()));
      const current = await written(another().write(taken, stale, patiently()));
      expect(await lock.write(held, stale, patiently())).toEqual({ kind: 'conflict' });
      await expectUntouched(lock, current);
    });

    claim('writing the same record again is still a new version', async ({ lock }) => {
      const first = await written(lock.write(held, undefined, patiently()));
      const second = await written(
        lock.write({ ...held, renewTimeUs: 1_763_714_412_345_679 }, first, patiently()),
      );
      expect(await lock.write(held, first, patiently())).toEqual({ kind: 'conflict' });
      await expectUntouched(lock, second);
    });

    claim('writing on a deleted object conflicts, creates none', async ({ lock, remove }) => {
      const basis = await written(lock.write(held, undefined, patiently()));
      await remove();
      expect(await lock.write(taken, basis, patiently())).toEqual({ kind: 'conflict' });
      expect(await lock.read(patiently())).toBeUndefined();
    });

    claim('writing on a deleted and re-created object conflicts', async ({ lock, remove }) => {
      const basis = await written(lock.write(held, undefined, patiently()));
      await remove();
      const current = await written(lock.write(held, undefined, patiently()));
      expect(await lock.write(taken, basis, patiently())).toEqual({ kind: 'conflict' });
      await expectUntouched(lock, current);
    });

    claim('versions grow, also across deletion, and a token with them', async ({ lock, remove }) => {
      const versions: string[] = [];
      for (let life = 0; life < 3; life++) {
        let basis: Versioned | undefined;
        for (let turn = 0; turn < 3; turn++) {
          basis = await written(lock.write({ ...held, transitions: turn }, basis, patiently()));
          versions.push(basis.version);
        }
        await remove();
      }
      const rises = versions.slice(1).map((version, index) => {
        const before = versions[index] ?? version;
        const [token, tokenBefore] = [version, before].map((each) => BigInt(fencingTokenOf(each)));
        return isLater(version, before) === true && token! > tokenBefore!;
      });
      expect(rises).toEqual(rises.map(() => true));
    });

    claim('of ten creators at once exactly one wins', async ({ lock, another }) => {
      await expectOneWinner(lock, another, undefined);
    });

    claim('of ten writers on one version exactly one wins', async ({ lock, another }) => {
      const basis = await written(lock.write(held, undefined, patiently()));
      await expectOneWinner(lock, another, basis);
    });

    claim('a request that was given up before it began is a fault', async ({ lock }) => {
      const signal = AbortSignal.abort();
      await expect(lock.read({ signal })).rejects.toBeInstanceOf(LockFault);
      await expect(lock.write(held, undefined, { signal })).rejects.toMatchObject({
        name: 'LockFault',
        kind: 'unreachable',
      });
    });

    claim('a request that is given up is answered or a fault', async ({ lock }) => {
      const giveUp = new AbortController();
      const requests = Promise.allSettled([
        lock.read({ signal: giveUp.signal }),
        lock.write(held, undefined, { signal: giveUp.signal }),
      ]);
      giveUp.abort();
      for (const request of await requests)
        if (request.status === 'rejected') expect(request.reason).toBeInstanceOf(LockFault);
    });
  });
}

const roundTrips: [what: string, record: LeaderRecord][] = [
  ['microseconds', held],
  ['nobody holds it', { ...held, holder: '', leaseDurationMs: 1_000 }],
  ['no duration', { ...held, leaseDurationMs: undefined }],
  ['no times', { ...held, acquireTimeUs: undefined, renewTimeUs: undefined }],
  ['no transitions', { ...held, transitions: 0 }],
  ['many transitions', { ...held, transitions: 2_147_483_647 }],
  ['a long duration', { ...held, leaseDurationMs: 315_360_000_000 }],
  ['an identity in many scripts', { ...held, holder: 'größe λ 領導者 🦊 "\'\\%' }],
];

/** Far more than any request takes; a test that needs it all is hanging. */
function patiently(): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(10_000) };
}

async function written(result: Promise<WriteResult>): Promise<Versioned> {
  const settled = await result;
  if (settled.kind === 'conflict') throw new Error('the write met a conflict');
  return settled.current;
}

async function expectUntouched(lock: Lock, expected: Versioned): Promise<void> {
  const { record, version } = expected;
  expect(await lock.read(patiently())).toMatchObject({ record, version });
}

async function expectOneWinner(
  lock: Lock,
  another: () => Lock,
  basis: Versioned | undefined,
): Promise<void> {
  const candidates = Array.from({ length: 10 }, (_, index) => `candidate-${String(index)}`);
  const results = await Promise.all(
    candidates.map((holder) => another().write({ ...held, holder }, basis, patiently())),
  );
  const winners = results.filter((result) => result.kind === 'written');
  expect(winners).toHaveLength(1);
  const [winner] = winners;
  if (winner !== undefined) await expectUntouched(lock, winner.current);
}
