/** What `--once` and `step-down` rely on in a lock. */
import { assertRecord, assertUntouched, patiently, written } from './assertions.ts';
import { held, taken, type Check } from './under-test.ts';

const wish = { holder: held.holder, acquireTimeUs: held.acquireTimeUs ?? 0 };
const done = ['v41', 'größe λ "\'\\%'];

/** Claims about remarks. */
function remembering(check: Check): Check {
  return async (under) => {
    if (!under.isForgetful) await check(under);
  };
}

export const remarkClaims: readonly (readonly [title: string, check: Check])[] = [
  [
    'a wish and keys come back exactly',
    remembering(async ({ lock, another }) => {
      const created = await written(lock.write(held, undefined, patiently()));
      const wished = await written(lock.write({ ...held, wish, done }, created, patiently()));
      assertRecord(wished.record, { ...held, wish, done });
      await assertUntouched(another(), wished, { ...held, wish, done });
    }),
  ],
  [
    'a write that does not speak of them leaves them',
    remembering(async ({ lock }) => {
      const wished = await written(lock.write({ ...held, wish, done }, undefined, patiently()));
      const renewal = { ...held, renewTimeUs: 1_763_714_412_345_679 };
      const renewed = await written(lock.write(renewal, wished, patiently()));
      await assertUntouched(lock, renewed, { ...renewal, wish, done });
    }),
  ],
  [
    'a wish goes with its term, the keys stay',
    remembering(async ({ lock }) => {
      const wished = await written(lock.write({ ...held, wish, done }, undefined, patiently()));
      const claimed = await written(lock.write(taken, wished, patiently()));
      await assertUntouched(lock, claimed, { ...taken, done });
    }),
  ],
  [
    'keys are written together with a release, and only the latest hundred are kept',
    remembering(async ({ lock }) => {
      const keys = Array.from({ length: 101 }, (_, n) => `k${String(n)}`);
      const free = { ...held, holder: '', leaseDurationMs: 1_000 };
      const basis = await written(lock.write({ ...held, done }, undefined, patiently()));
      const freed = await written(lock.write({ ...free, done: keys }, basis, patiently()));
      await assertUntouched(lock, freed, { ...free, done: keys.slice(1) });
    }),
  ],
];
