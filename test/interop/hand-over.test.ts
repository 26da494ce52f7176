/**
 * Ours and the electors that others run, on one lock with equal durations: who leads when, by what the
 * work of both has written down about itself in one clock.
 *
 * What the others do, and these tests show:
 * - client-go gives the lock back when it is stopped. The Python electors have no release: after them
 *   the lease runs out, however gently they were stopped.
 * - All take a lock that ours has given back (holder "") at their next look, the Python ones as well.
 * - The Python electors wait by their own duration, not the record's, and never count transitions.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { gapsMs } from '../cluster/support/lives.ts';
import { leastGapMs, ourBoundMs, theirBoundMs, type Ending } from './support/bounds.ts';
import { pairs, prepareElectors, timing, type Pair } from './support/electors.ts';
import { test, type Meeting } from './support/fixtures.ts';
import { handOverTable, type HandOver } from './support/table.ts';

const measured: HandOver[] = [];
const signals = { graceful: 'SIGTERM', crash: 'SIGKILL' } as const;

beforeAll(prepareElectors);
afterAll(() => {
  process.stderr.write(`\n${handOverTable(measured)}\n`);
});

/** The foreign elector leads, ours stands by; then the foreign one ends. */
async function foreignThenOurs(meeting: Meeting, pair: Pair, end: HandOver['end']): Promise<void> {
  const foreign = await meeting.foreign(pair);
  await foreign.told('leading', 'foreign');
  const ours = await meeting.ours(pair.kind);
  expect(await ours.told('standing-by')).toMatchObject({ holder: 'foreign' });
  await meeting.contest.watching('ours');
  foreign.signal(signals[end]);
  await foreign.ended;
  await ours.told('started');

  const record = await meeting.recordOf('ours');
  expect(record.leaseDurationSeconds).toBe(timing.leaseDuration);
  expect(record.leaseTransitions).toBe(1);
  const ending = end === 'graceful' && pair.elector.releases ? 'released' : 'abandoned';
  const boundMs = ourBoundMs(ending);
  await handOver(meeting, ending, { pair, direction: 'foreign → ours', end, boundMs });
}

/** Ours leads, the foreign elector stands by; then ours ends. */
async function oursThenForeign(meeting: Meeting, pair: Pair, end: HandOver['end']): Promise<void> {
  const ours = await meeting.ours(pair.kind);
  await ours.told('started');
  const foreign = await meeting.foreign(pair);
  await foreign.told('observed', 'ours');
  ours.signal(signals[end]);
  await ours.ended;
  await foreign.told('leading', 'foreign');

  const record = await meeting.recordOf('foreign');
  expect(record.leaseDurationSeconds).toBe(timing.leaseDuration);
  expect(record.leaseTransitions).toBe(pair.elector.countsTransitions ? 1 : 0);
  const ending = end === 'graceful' ? 'released' : 'abandoned';
  const boundMs = theirBoundMs(ending, pair.elector);
  await handOver(meeting, ending, { pair, direction: 'ours → foreign', end, boundMs });
}

/** From the end of the first leadership to the beginning of the second, of two. */
async function handOver(meeting: Meeting, ending: Ending, row: Omit<HandOver, 'gapMs'>) {
  const [gapMs = NaN] = gapsMs(await meeting.livesOnce(2));
  measured.push({ ...row, gapMs });
  expect(gapMs).toBeGreaterThanOrEqual(leastGapMs(ending));
  expect(gapMs).toBeLessThanOrEqual(row.boundMs);
}

for (const pair of pairs)
  describe.concurrent(
    `${pair.elector.name} and ours on one ${pair.kind} never lead at once:`,
    () => {
      const whatFollows = pair.elector.releases
        ? 'gives the lock back, ours leads as soon as it sees that'
        : 'has no release, ours leads when the lease has run out';

      test(`it stops, ${whatFollows}`, async ({ meeting }) => {
        await foreignThenOurs(meeting, pair, 'graceful');
      });

      test('it is killed, ours leads when the lease has run out', async ({ meeting }) => {
        await foreignThenOurs(meeting, pair, 'crash');
      });

      test('ours stops, it leads from its next look on', async ({ meeting }) => {
        await oursThenForeign(meeting, pair, 'graceful');
      });

      test('ours is killed, it leads when it has waited for the lease', async ({ meeting }) => {
        await oursThenForeign(meeting, pair, 'crash');
      });
    },
  );
