/** What `--once` and `step-down` rely on in a lock. */
import { assertRecord, assertUntouched, patiently, written } from './assertions.ts';
import { held, taken, type Check } from './under-test.ts';

const stepDown = { holder: held.holder, acquireTimeUs: held.acquireTimeUs ?? 0 };
const history = [
  { holder: 'größe', acquireTimeUs: 1_763_714_400_000_001, untilUs: undefined, ended: 'expired' },
  {
    holder: 'before',
    acquireTimeUs: 1_763_714_401_000_001,
    untilUs: 1_763_714_402_000_002,
    ended: 'released',
    exitStatus: 3,
  },
] as const;
const done = ['v41', 'größe λ "\'\\%'];

/** Claims about notes. */
function remembering(check: Check): Check {
  return async (under) => {
    if (!under.isForgetful) await check(under);
  };
}

export const noteClaims: readonly (readonly [title: string, check: Check])[] = [
  [
    'a request to step down and keys come back exactly',
    remembering(async ({ lock, another }) => {
      const created = await written(lock.write(held, undefined, patiently()));
      const asked = await written(lock.write({ ...held, stepDown, done }, created, patiently()));
      assertRecord(asked.record, { ...held, stepDown, done });
      await assertUntouched(another(), asked, { ...held, stepDown, done });
    }),
  ],
  [
    'a write that does not speak of them leaves them',
    remembering(async ({ lock }) => {
      const asked = await written(lock.write({ ...held, stepDown, done }, undefined, patiently()));
      const renewal = { ...held, renewTimeUs: 1_763_714_412_345_679 };
      const renewed = await written(lock.write(renewal, asked, patiently()));
      await assertUntouched(lock, renewed, { ...renewal, stepDown, done });
    }),
  ],
  [
    'a request to step down goes with its term, the keys stay',
    remembering(async ({ lock }) => {
      const asked = await written(lock.write({ ...held, stepDown, done }, undefined, patiently()));
      const claimed = await written(lock.write(taken, asked, patiently()));
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
  [
    'past terms come back exactly, and a write that does not speak of them leaves them',
    remembering(async ({ lock, another }) => {
      const ended = await written(lock.write({ ...held, history }, undefined, patiently()));
      assertRecord(ended.record, { ...held, history });
      const claimed = await written(lock.write(taken, ended, patiently()));
      await assertUntouched(another(), claimed, { ...taken, history });
    }),
  ],
];
