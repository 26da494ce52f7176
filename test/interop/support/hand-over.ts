/** The scenario of all hand-overs between ours and another elector, on one lock of any kind. */
import { afterAll, beforeAll, expect } from 'vitest';
import { gapsMs } from '../../cluster/support/lives.ts';
import { leastGapMs, ourBoundMs, theirBoundMs, type Ending } from './bounds.ts';
import { prepareElectors, type Pair } from './electors.ts';
import { test, type Meeting } from './fixtures.ts';
import { handOverTable, type HandOver } from './table.ts';

/** What is written where, by kind of lock. */
export interface Records {
  /** The record once `holder` leads and has renewed: it is there to stay. */
  readonly read: (meeting: Meeting, holder: string) => Promise<unknown>;
  /** What each should have written after so many changes of holder: a value or a matcher. */
  readonly ofOurs: (transitions: number) => unknown;
  readonly ofTheirs: (pair: Pair, transitions: number) => unknown;
}

const signals = { graceful: 'SIGTERM', crash: 'SIGKILL' } as const;

/** Defines the four hand-overs of a pair, in both directions; the file's table shows them at its end. */
export type DefineHandOvers = (pair: Pair) => void;

/** For one test file. */
export function handOvers(records: Records): DefineHandOvers {
  const measured: HandOver[] = [];
  beforeAll(prepareElectors);
  afterAll(() => {
    process.stderr.write(`\n${handOverTable(measured)}\n`);
  });

  /** From the end of the first leadership to the beginning of the second, of two. */
  const measure = async (meeting: Meeting, ending: Ending, row: Omit<HandOver, 'gapMs'>) => {
    const [gapMs = NaN] = gapsMs(await meeting.livesOnce(2));
    measured.push({ ...row, gapMs });
    expect(gapMs).toBeGreaterThanOrEqual(leastGapMs(ending));
    expect(gapMs).toBeLessThanOrEqual(row.boundMs);
  };

  /** The foreign elector leads, ours stands by; then the foreign one ends. */
  const foreignThenOurs = async (meeting: Meeting, pair: Pair, end: HandOver['end']) => {
    const foreign = await meeting.foreign(pair);
    await foreign.told('leading', 'foreign');
    const ours = await meeting.ours(pair.kind);
    expect(await ours.told('standing-by')).toMatchObject({ holder: 'foreign' });
    await meeting.contest.watching('ours');
    expect(await records.read(meeting, 'foreign')).toEqual(records.ofTheirs(pair, 0));
    foreign.signal(signals[end]);
    await foreign.ended;
    await ours.told('started');
    expect(await records.read(meeting, 'ours')).toEqual(records.ofOurs(1));
    const ending = end === 'graceful' && pair.elector.releases ? 'released' : 'abandoned';
    const boundMs = ourBoundMs(ending);
    await measure(meeting, ending, { pair, direction: 'foreign → ours', end, boundMs });
  };

  /** Ours leads, the foreign elector stands by; then ours ends. */
  const oursThenForeign = async (meeting: Meeting, pair: Pair, end: HandOver['end']) => {
    const ours = await meeting.ours(pair.kind);
    await ours.told('started');
    const foreign = await meeting.foreign(pair);
    await foreign.told('observed', 'ours');
    expect(await records.read(meeting, 'ours')).toEqual(records.ofOurs(0));
    ours.signal(signals[end]);
    await ours.ended;
    await foreign.told('leading', 'foreign');
    expect(await records.read(meeting, 'foreign')).toEqual(records.ofTheirs(pair, 1));
    const ending = end === 'graceful' ? 'released' : 'abandoned';
    const boundMs = theirBoundMs(ending, pair.elector);
    await measure(meeting, ending, { pair, direction: 'ours → foreign', end, boundMs });
  };

  return (pair) => {
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
  };
}
