/**
 * A leader that is stopped (SIGSTOP) for longer than its lease and then goes on, beside a leader of the
 * other kind. Ours has keepers, which have ended its command by then. The others have nothing of the
 * kind: they go on working beside ours until they have failed to renew for their renew deadline. That
 * is theirs to mend; here it is measured, and that ours does not suffer from it.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { gapsMs } from '../cluster/support/lives.ts';
import { until } from '../cluster/support/until.ts';
import { theirAfterlifeMs } from './support/bounds.ts';
import { pairs, prepareElectors } from './support/electors.ts';
import { test } from './support/fixtures.ts';

const measured: string[] = [];

beforeAll(prepareElectors);
afterAll(() => {
  process.stderr.write(`\n${measured.sort().join('\n')}\n\n`);
});

for (const pair of pairs)
  describe.concurrent(`${pair.elector.name} and ours on one ${pair.kind}`, () => {
    test('ours is frozen: its command is gone before it leads, and it writes nothing when it goes on', async ({
      meeting,
    }) => {
      const ours = await meeting.ours(pair.kind);
      await ours.told('started');
      const foreign = await meeting.foreign(pair);
      await foreign.told('observed', 'ours');
      ours.signal('SIGSTOP');
      await foreign.told('leading', 'foreign');
      const { holderIdentity, acquireTime, leaseTransitions } = await meeting.recordOf('foreign');
      ours.signal('SIGCONT');
      expect(await ours.ended).toEqual({ code: 79, signal: null });
      const after = await meeting.recordOf('foreign');
      expect(after).toMatchObject({ holderIdentity, acquireTime, leaseTransitions });
      const [gapMs = NaN] = gapsMs(await meeting.livesOnce(2));
      measured.push(`${pair.elector.name}: ours was frozen, gap ${gapMs} ms`);
      expect(gapMs).toBeGreaterThanOrEqual(0);
    });

    test('it is frozen: once it goes on it works beside ours until its renew deadline, by its own fault', async ({
      meeting,
    }) => {
      const foreign = await meeting.foreign(pair);
      await foreign.told('leading', 'foreign');
      const ours = await meeting.ours(pair.kind);
      await ours.told('standing-by');
      foreign.signal('SIGSTOP');
      await ours.told('started');
      await meeting.recordOf('ours');
      const continuedAtMs = Number(process.hrtime.bigint()) / 1e6;
      foreign.signal('SIGCONT');
      await foreign.told('stopped', 'foreign');
      await foreign.ended;

      const [theirs] = await meeting.livesOnce(2);
      const besideMs = Math.round(theirs!.lastMs - continuedAtMs);
      measured.push(`${pair.elector.name}: frozen, then beside ours for ${besideMs} ms`);
      expect(besideMs).toBeLessThanOrEqual(theirAfterlifeMs());
      await until('ours goes on', async () => {
        const [, own] = await meeting.livesOnce(2);
        return own!.lastMs > theirs!.lastMs;
      });
      expect((await meeting.recordOf('ours')).leaseTransitions).toBe(1);
      expect(ours.log.map(({ event }) => event)).not.toContain('lost');
    });
  });
