import { expect, test } from 'vitest';
import type { LeaderRecord, Versioned } from '../../src/election/lock.ts';
import { judge, type Verdict } from '../../src/election/verdict.ts';
import { recordOf, released } from './scene.ts';

const acquireTimeUs = 1_700_000_000_000_000;
const leader = {
  timing: { leaseDurationMs: 15_000 },
  facts: { acquireTimeUs, transitions: 3 },
  doubt: undefined,
};

/** Whether this process has written the record, and whether the leader has slept through the end of its trust. */
interface View {
  readonly isOurs: boolean;
  readonly isDoubted: boolean;
}
const view = { isOurs: false, isDoubted: false };
const ours = { isOurs: true, isDoubted: false };
const doubted = { isOurs: false, isDoubted: true };
const slept = { isOurs: true, isDoubted: true };
const asWritten: Verdict = { kind: 'ours', found: undefined, isAsked: false };
const asked = (holder: string, since = acquireTimeUs) => ({ holder, acquireTimeUs: since });

function judged(seen: Versioned | undefined, { isOurs, isDoubted }: View): Verdict {
  return judge({ ...leader, doubt: isDoubted || undefined }, { seen, isOurs });
}

test.each<[string, LeaderRecord | undefined, View, Verdict]>([
  ['our own write is ours', recordOf('a'), ours, asWritten],
  ['so it is after a sleep', recordOf('a'), slept, asWritten],
  ['another holder has usurped us', recordOf('b'), view, { kind: 'usurped', holder: 'b' }],
  ['so it has after a sleep', recordOf('b'), doubted, { kind: 'usurped', holder: 'b' }],
  ['our identity proves nothing', recordOf('a'), view, { kind: 'usurped', holder: 'a' }],
  [
    'a deleted object is ours to restore',
    undefined,
    view,
    { kind: 'ours', found: 'deleted', isAsked: false },
  ],
  ['an emptied one too', recordOf(''), view, { kind: 'ours', found: 'emptied', isAsked: false }],
  [
    'and one that was freed by force',
    released,
    view,
    { kind: 'ours', found: 'emptied', isAsked: false },
  ],
  ['after a sleep nobody knows who deleted it', undefined, doubted, { kind: 'expired' }],
  ['nor who emptied it', recordOf(''), doubted, { kind: 'expired' }],
  ['nor who led and released it', released, doubted, { kind: 'expired' }],
  [
    'another duration was not written by us',
    recordOf('a', { leaseDurationMs: 1_000 }),
    ours,
    { kind: 'ours', found: 'edited', isAsked: false },
  ],
  [
    'nor was a missing one',
    recordOf('a', { leaseDurationMs: undefined }),
    ours,
    { kind: 'ours', found: 'edited', isAsked: false },
  ],
  [
    'nor other transitions',
    recordOf('a', { transitions: 4 }),
    ours,
    { kind: 'ours', found: 'edited', isAsked: false },
  ],
  [
    'a request to step down for this term is heard',
    recordOf('a', { stepDown: asked('a') }),
    ours,
    { ...asWritten, isAsked: true },
  ],
  [
    'also beside what a foreign hand has done',
    recordOf('a', { stepDown: asked('a'), transitions: 4 }),
    ours,
    { kind: 'ours', found: 'edited', isAsked: true },
  ],
  ['one for another holder is not', recordOf('a', { stepDown: asked('b') }), ours, asWritten],
  ['nor is one for another term', recordOf('a', { stepDown: asked('a', 5) }), ours, asWritten],
  [
    'nor one for an earlier term of ours, whose record a hand has put there',
    recordOf('a', { acquireTimeUs: 5, stepDown: asked('a', 5) }),
    ours,
    asWritten,
  ],
])('%s', (_, record, from, verdict) => {
  expect(judged(record && { record, version: '1', origin: undefined }, from)).toEqual(verdict);
});

test.each<[string, View, Verdict]>([
  ['is ours to make whole', ours, { kind: 'ours', found: 'edited', isAsked: false }],
  ['may have had another leader while we slept', slept, { kind: 'expired' }],
  ['is lost when the other half is not ours', view, { kind: 'usurped', holder: 'a' }],
])('a lock of which one half is gone %s', (_, from, verdict) => {
  const seen = { record: recordOf('a'), version: '1+none', origin: undefined, isTorn: true };
  expect(judged(seen, from)).toEqual(verdict);
});
