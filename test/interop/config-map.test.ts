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
import { describe, expect } from 'vitest';
import { lock } from '../cluster/support/contest.ts';
import { gapsMs } from '../cluster/support/lives.ts';
import { until } from '../cluster/support/until.ts';
import { configMapPairs, timing, type Pair } from './support/electors.ts';
import { test, type Meeting } from './support/fixtures.ts';
import { handOvers } from './support/hand-over.ts';

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

const define = handOvers({
  read: recordOf,
  ofOurs: (transitions) => ourRecord('ours', transitions),
  ofTheirs: theirRecord,
});

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

    define(pair);

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
