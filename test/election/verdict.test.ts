import { expect, test } from 'vitest';
import type { LeaderRecord } from '../../src/election/lock.ts';
import { judge, type LeadersView, type Verdict } from '../../src/election/verdict.ts';
import { recordOf, released } from './scene.ts';

const view: LeadersView = {
  isOurs: false,
  isDoubted: false,
  leaseDurationMs: 15_000,
  acquireTimeUs: 1_700_000_000_000_000,
  transitions: 3,
};
const wishFor = (holder: string, acquireTimeUs = view.acquireTimeUs) => ({ holder, acquireTimeUs });
const ours = { ...view, isOurs: true };
const doubted = { ...view, isDoubted: true };
const slept = { ...ours, isDoubted: true };

test.each<[string, LeaderRecord | undefined, LeadersView, Verdict]>([
  ['our own write is ours', recordOf('a'), ours, { kind: 'ours', found: undefined }],
  ['so it is after a sleep', recordOf('a'), slept, { kind: 'ours', found: undefined }],
  ['another holder has usurped us', recordOf('b'), view, { kind: 'usurped', holder: 'b' }],
  ['so it has after a sleep', recordOf('b'), doubted, { kind: 'usurped', holder: 'b' }],
  ['our identity proves nothing', recordOf('a'), view, { kind: 'usurped', holder: 'a' }],
  ['a deleted object is ours to restore', undefined, view, { kind: 'ours', found: 'deleted' }],
  ['an emptied one too', recordOf(''), view, { kind: 'ours', found: 'emptied' }],
  ['and one that was freed by force', released, view, { kind: 'ours', found: 'emptied' }],
  ['after a sleep nobody knows who deleted it', undefined, doubted, { kind: 'expired' }],
  ['nor who emptied it', recordOf(''), doubted, { kind: 'expired' }],
  ['nor who led and released it', released, doubted, { kind: 'expired' }],
  [
    'another duration was not written by us',
    recordOf('a', { leaseDurationMs: 1_000 }),
    ours,
    { kind: 'ours', found: 'edited' },
  ],
  [
    'nor was a missing one',
    recordOf('a', { leaseDurationMs: undefined }),
    ours,
    { kind: 'ours', found: 'edited' },
  ],
  [
    'nor other transitions',
    recordOf('a', { transitions: 4 }),
    ours,
    { kind: 'ours', found: 'edited' },
  ],
  [
    'a wish for this term is heard',
    recordOf('a', { wish: wishFor('a') }),
    ours,
    { kind: 'ours', found: undefined, wish: wishFor('a') },
  ],
  [
    'also beside what a foreign hand has done',
    recordOf('a', { wish: wishFor('a'), transitions: 4 }),
    ours,
    { kind: 'ours', found: 'edited', wish: wishFor('a') },
  ],
  [
    'one for another holder is not',
    recordOf('a', { wish: wishFor('b') }),
    ours,
    { kind: 'ours', found: undefined },
  ],
  [
    'nor is one for another term',
    recordOf('a', { wish: wishFor('a', 5) }),
    ours,
    { kind: 'ours', found: undefined },
  ],
  [
    'nor one for an earlier term of ours, whose record a hand has put there',
    recordOf('a', { acquireTimeUs: 5, wish: wishFor('a', 5) }),
    ours,
    { kind: 'ours', found: undefined },
  ],
])('%s', (_, record, from, verdict) => {
  expect(judge(record && { record, version: '1', origin: undefined }, from)).toEqual(verdict);
});

test.each<[string, LeadersView, Verdict]>([
  ['is ours to make whole', ours, { kind: 'ours', found: 'edited' }],
  ['may have had another leader while we slept', slept, { kind: 'expired' }],
  ['is lost when the other half is not ours', view, { kind: 'usurped', holder: 'a' }],
])('a lock of which one half is gone %s', (_, from, verdict) => {
  const seen = { record: recordOf('a'), version: '1+none', origin: undefined, isTorn: true };
  expect(judge(seen, from)).toEqual(verdict);
});
