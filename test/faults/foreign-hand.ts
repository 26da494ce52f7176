/** What people and other programs do to a Lease that a candidate holds. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LeaseSpec } from '../cluster/support/lease.ts';
import type { Bout } from './bout.ts';
import type { Chance } from './chance.ts';
import { monotonicMs } from './monotonic.ts';

export const stranger = 'stranger';

const microNow = (): string => new Date().toISOString().replace('Z', '000Z');

type Edit = readonly [name: string, spec: (chance: Chance) => LeaseSpec];

const strangers = (chance: Chance): LeaseSpec => ({
  holderIdentity: stranger,
  leaseDurationSeconds: chance.whole(1, 3),
  acquireTime: microNow(),
  renewTime: microNow(),
});
const edits: readonly (readonly [number, Edit])[] = [
  [3, ['patched to a stranger', strangers]],
  [
    1,
    [
      'patched to a stranger who renewed in 2999',
      (chance) => ({ ...strangers(chance), renewTime: '2999-01-01T00:00:00.000000Z' }),
    ],
  ],
  [
    1,
    [
      'patched to a stranger without times',
      (chance) => ({ ...strangers(chance), renewTime: null, acquireTime: null }),
    ],
  ],
  [1, ['emptied', () => ({ holderIdentity: '' })]],
  [1, ['without a holder', () => ({ holderIdentity: null })]],
  [1, ['shortened', () => ({ leaseDurationSeconds: 1 })]],
  [1, ['lengthened', () => ({ leaseDurationSeconds: 5 })]],
  [1, ['without a duration', () => ({ leaseDurationSeconds: null })]],
  [1, ['renewed in 1999', () => ({ renewTime: '1999-01-01T00:00:00.000000Z' })]],
  [1, ['acquired in 2999', () => ({ acquireTime: '2999-01-01T00:00:00.000000Z' })]],
  [
    1,
    [
      'with other transitions',
      (chance) => ({ leaseTransitions: chance.oneOf([0, 1_000, 2 ** 31 - 1]) }),
    ],
  ],
];

/**
 * One edit by hand; says what the Lease is now. Not before everybody has seen who leads: one who has not may take
 * what is free, as a newcomer may.
 */
export async function foreignHand(bout: Bout): Promise<string> {
  const { chance, lease, foreign } = bout;
  await delay(Math.max(0, seenByAllMs(bout) - monotonicMs()));
  const edit = chance.weighted<Edit | 'deletion' | 'replacement'>([
    ...edits,
    [2, 'deletion'],
    [1, 'replacement'],
  ]);
  try {
    if (typeof edit !== 'string') {
      const [name, spec] = edit;
      const { metadata } = await lease.patchLease({ spec: spec(chance) });
      foreign.add(BigInt(metadata.resourceVersion));
      return `the Lease is ${name}, version ${metadata.resourceVersion}`;
    }
    await lease.deleteLease();
    if (edit === 'deletion') return 'the Lease is deleted';
    const { metadata } = await lease.createLease(strangers(chance));
    foreign.add(BigInt(metadata.resourceVersion));
    return `the Lease is deleted and created by a stranger, version ${metadata.resourceVersion}`;
  } catch (thrown) {
    // Deleted before, or created by a candidate in between.
    if (/the Lease: 40[49]/.test(String(thrown))) return String(thrown);
    throw thrown;
  }
}

/** All look at least every 600 ms. */
function seenByAllMs({ arena, pitch, lock }: Bout): number {
  const history = arena.history.of(pitch.namespace, lock);
  const holder = history.at(-1)?.spec?.holderIdentity;
  const before = history.findLastIndex(({ spec }) => spec?.holderIdentity !== holder);
  return (history[before + 1]?.heardMs ?? 0) + 1_000;
}
