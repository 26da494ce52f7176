/**
 * Ours and the electors that others run on one ConfigMap, with equal durations: who leads when, by what the work of both
 * has written down about itself in one clock; and whether each can read what the other has written.
 *
 * What the others do, and these tests show:
 * - All take a lock that ours has given back (holder "") at their next look. client-go gives it back as well, the Python
 *   electors have no release.
 * - client-go writes whole seconds. The Python electors write numbers as text and local times without a zone, and leave
 *   the number of transitions out: it starts anew.
 * - Where their annotation is missing, the Python electors drop all others (their `get`), so ours comes first there.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { lock } from '../cluster/support/contest.ts';
import { gapsMs } from '../cluster/support/lives.ts';
import { until } from '../cluster/support/until.ts';
import { leastGapMs, ourBoundMs, theirBoundMs, type Ending } from './support/bounds.ts';
import { configMapPairs, prepareElectors, timing, type Pair } from './support/electors.ts';
import { test, type Meeting } from './support/fixtures.ts';
import { handOverTable, type HandOver } from './support/table.ts';

const recordAnnotation = 'control-plane.alpha.kubernetes.io/leader';

type Written = Readonly<Record<string, unknown>>;
interface ConfigMap {
  readonly metadata: {
    readonly uid: string;
    readonly labels?: object;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: object;
}

const measured: HandOver[] = [];
const signals = { graceful: 'SIGTERM', crash: 'SIGKILL' } as const;

beforeAll(prepareElectors);
afterAll(() => {
  process.stderr.write(`\n${handOverTable(measured)}\n`);
});

const pathIn = ({ contest }: Meeting): string =>
  `/api/v1/namespaces/${contest.namespace}/configmaps`;

async function configMapOf(meeting: Meeting): Promise<ConfigMap> {
  const path = `${pathIn(meeting)}/${lock}`;
  return (await meeting.contest.controlPlane.request<ConfigMap>('GET', path)).body;
}

async function recordIn(meeting: Meeting): Promise<Written> {
  const { annotations } = (await configMapOf(meeting)).metadata;
  return JSON.parse(annotations?.[recordAnnotation] ?? '{}') as Written;
}

/** The record once `holder` leads and has renewed: it is there to stay. */
async function recordOf(meeting: Meeting, holder: string): Promise<Written> {
  const recordOnce = (isWanted: (record: Written) => boolean) =>
    until(`a record of ${holder}`, async () => {
      const record = await recordIn(meeting);
      return record['holderIdentity'] === holder && isWanted(record) && record;
    });
  const { renewTime, ...rest } = await recordOnce(() => true);
  const later = await recordOnce((record) => record['renewTime'] !== renewTime);
  expect(later).toEqual({ ...rest, renewTime: later['renewTime'] });
  return later;
}

const microTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const ourTime = expect.stringMatching(microTime) as string;
/** As `str(datetime)` writes it. */
const theirTime = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?$/) as string;

const ourRecord = (holderIdentity: string, leaderTransitions: number): Written => ({
  holderIdentity,
  leaseDurationSeconds: timing.leaseDuration,
  acquireTime: ourTime,
  renewTime: ourTime,
  leaderTransitions,
});
/** To the second. */
const goTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string;

function theirRecord({ elector }: Pair, leaderTransitions: number): Written {
  const { countsTransitions } = elector;
  const [time, seconds] = countsTransitions
    ? [goTime, timing.leaseDuration]
    : [theirTime, String(timing.leaseDuration)];
  return {
    holderIdentity: 'foreign',
    leaseDurationSeconds: seconds,
    acquireTime: time,
    renewTime: time,
    ...(countsTransitions ? { leaderTransitions } : {}),
  };
}

/** The foreign elector leads, ours stands by; then the foreign one ends. */
async function foreignThenOurs(meeting: Meeting, pair: Pair, end: HandOver['end']): Promise<void> {
  const foreign = await meeting.foreign(pair);
  await foreign.told('leading', 'foreign');
  const ours = await meeting.ours('configmap');
  expect(await ours.told('standing-by')).toMatchObject({ holder: 'foreign' });
  await meeting.contest.watching('ours');
  expect(await recordOf(meeting, 'foreign')).toEqual(theirRecord(pair, 0));
  foreign.signal(signals[end]);
  await foreign.ended;
  await ours.told('started');
  expect(await recordOf(meeting, 'ours')).toEqual(ourRecord('ours', 1));
  const ending = end === 'graceful' && pair.elector.releases ? 'released' : 'abandoned';
  const boundMs = ourBoundMs(ending);
  await handOver(meeting, ending, { pair, direction: 'foreign → ours', end, boundMs });
}

/** Ours leads, the foreign elector stands by; then ours ends. */
async function oursThenForeign(meeting: Meeting, pair: Pair, end: HandOver['end']): Promise<void> {
  const ours = await meeting.ours('configmap');
  await ours.told('started');
  const foreign = await meeting.foreign(pair);
  await foreign.told('observed', 'ours');
  expect(await recordOf(meeting, 'ours')).toEqual(ourRecord('ours', 0));
  ours.signal(signals[end]);
  await ours.ended;
  await foreign.told('leading', 'foreign');
  expect(await recordOf(meeting, 'foreign')).toEqual(theirRecord(pair, 1));
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

for (const pair of configMapPairs)
  describe.concurrent(`${pair.elector.name} and ours on one ConfigMap never lead at once:`, () => {
    test('they come at the same moment, one of them leads and the other knows who', async ({
      meeting,
    }) => {
      const [ours, foreign] = await Promise.all([meeting.ours('configmap'), meeting.foreign(pair)]);
      const leader = await Promise.any([
        ours.told('started').then(() => 'ours'),
        foreign.told('leading', 'foreign').then(() => 'foreign'),
      ]);
      if (leader === 'ours') await foreign.told('observed', 'ours');
      else expect(await ours.told('standing-by')).toMatchObject({ holder: 'foreign' });
      await recordOf(meeting, leader);
      await meeting.livesOnce(1);
    });

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

    test('ours, it, ours, in a ConfigMap that keeps its content', async ({ meeting }) => {
      const content = { data: { a: 'größe' }, binaryData: { b: 'AAEC' } };
      const { controlPlane } = meeting.contest;
      const metadata = { name: lock, labels: { team: 'blue' }, annotations: { note: 'n' } };
      await controlPlane.request('POST', pathIn(meeting), { metadata, ...content });
      const { uid } = (await configMapOf(meeting)).metadata;

      const ours = await meeting.ours('configmap');
      await ours.told('started');
      const foreign = await meeting.foreign(pair);
      await foreign.told('observed', 'ours');
      ours.signal('SIGTERM');
      await ours.ended;
      await foreign.told('leading', 'foreign');
      const { leaderTransitions } = await recordOf(meeting, 'foreign');
      const next = await meeting.ours('configmap', 'ours-again');
      expect(await next.told('standing-by')).toMatchObject({ holder: 'foreign' });
      foreign.signal('SIGTERM');
      await foreign.ended;
      await next.told('started');
      expect(await recordOf(meeting, 'ours-again')).toEqual(
        ourRecord('ours-again', Number(leaderTransitions ?? 0) + 1),
      );

      const { metadata: kept, ...rest } = await configMapOf(meeting);
      expect(rest).toMatchObject(content);
      expect(kept).toMatchObject({ uid, labels: { team: 'blue' }, annotations: { note: 'n' } });
      for (const gapMs of gapsMs(await meeting.livesOnce(3)))
        expect(gapMs).toBeGreaterThanOrEqual(0);
    });
  });
