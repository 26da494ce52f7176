/** Ours and the electors that others run, on one lock: whoever comes, exactly one leads. */
import { beforeAll, describe, expect } from 'vitest';
import { gapsMs } from '../cluster/support/lives.ts';
import { pairs, prepareElectors } from './support/electors.ts';
import { test } from './support/fixtures.ts';

beforeAll(prepareElectors);

for (const pair of pairs)
  describe.concurrent(`${pair.elector.name} and ours on one ${pair.kind}`, () => {
    test('come at the same moment: one of them leads, the other knows who', async ({ meeting }) => {
      const [ours, foreign] = await Promise.all([meeting.ours(pair.kind), meeting.foreign(pair)]);
      const leader = await Promise.any([
        ours.told('started').then(() => 'ours'),
        foreign.told('leading', 'foreign').then(() => 'foreign'),
      ]);
      if (leader === 'ours') await foreign.told('observed', 'ours');
      else expect(await ours.told('standing-by')).toMatchObject({ holder: 'foreign' });
      await meeting.recordOf(leader);
      await meeting.livesOnce(1);
    });

    test('take turns: ours, it, ours, on one object that keeps what others wrote into it', async ({
      meeting,
    }) => {
      const { contest } = meeting;
      const ours = await meeting.ours(pair.kind);
      await ours.told('started');
      const foreign = await meeting.foreign(pair);
      await foreign.told('observed', 'ours');
      const { metadata } = await contest.patchLease({ metadata: { labels: { team: 'blue' } } });
      ours.signal('SIGTERM');
      await ours.ended;
      await foreign.told('leading', 'foreign');
      const { leaseTransitions } = await meeting.recordOf('foreign');

      const next = await meeting.ours(pair.kind, 'ours-again');
      expect(await next.told('standing-by')).toMatchObject({ holder: 'foreign' });
      foreign.signal('SIGTERM');
      await foreign.ended;
      await next.told('started');
      const record = await meeting.recordOf('ours-again');
      expect(record.leaseTransitions).toBe((leaseTransitions ?? 0) + 1);
      expect((await contest.lease())?.metadata).toMatchObject({
        uid: metadata.uid,
        labels: { team: 'blue' },
      });
      for (const gapMs of gapsMs(await meeting.livesOnce(3)))
        expect(gapMs).toBeGreaterThanOrEqual(0);
    });
  });
