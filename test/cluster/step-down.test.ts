/** `k8s-leader step-down`, on real servers and files. */
import { describe, expect } from 'vitest';
import { withoutWatch } from './support/accounts.ts';
import type { Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { isReleased } from './support/lease.ts';
import { gapsMs } from './support/lives.ts';
import { annotationsAt, joinAt, stepDownAt, type Place } from './support/places.ts';

const rejoin = ['--on-lost', 'rejoin'];

async function leaderAndStandby(place: Place, contest: Contest, flags = rejoin) {
  const a = await joinAt(place, contest, 'a', { flags });
  await contest.nthLife(1);
  const b = await joinAt(place, contest, 'b', { flags });
  await b.told('standing-by');
  return [a, b] as const;
}

// One after the other: what is measured is the hand-over, not the crowd around it.
describe.each<Place>(['lease', 'configmap', 'local'])('on a %s', (place) => {
  test('the next command starts long before a lease could end, and the old leader does not win again at once', async ({
    contest,
  }) => {
    const [a, b] = await leaderAndStandby(place, contest);
    if (place !== 'local') await contest.watching('b');
    for (let lives = 2; lives <= 6; lives += 1) {
      const asking = await stepDownAt(place, contest);
      expect(await asking.ended).toEqual({ code: 0, signal: null });
      expect(asking.stdout).toMatch(/^".*" has been asked to step down\n$/);
      await contest.nthLife(lives);
      const [old, next] = lives % 2 === 0 ? [a, b] : [b, a];
      await next.told('started');
      await old.told('standing-aside');
      await old.told('standing-by');
    }
    const gaps = gapsMs(await contest.lives()).sort((one, other) => one - other);
    process.stdout.write(`on a ${place}: ${gaps.join(', ')} ms\n`);
    expect(gaps[0]).toBeGreaterThanOrEqual(0);
    expect(gaps[2]).toBeLessThan(2_500);
  });
});

describe.concurrent.each<Place>(['lease', 'configmap', 'configmap+lease', 'local'])(
  'on a %s',
  (place) => {
    test('a leader that is alone stands aside for one lease duration, then leads again', async ({
      contest,
    }) => {
      const a = await joinAt(place, contest, 'a', { flags: rejoin });
      await contest.nthLife(1);
      const asking = await stepDownAt(place, contest, '--wait', '10s');
      expect(await asking.ended).toEqual({ code: 0, signal: null });
      expect(asking.stdout).toMatch(/has been asked to step down\nnobody leads\n$/);
      const aside = await a.told('standing-aside');
      const again = await a.told('elected');
      const waitedMs = Date.parse(again.time) - Date.parse(aside.time);
      expect(waitedMs).toBeGreaterThanOrEqual(5_990);
      expect(waitedMs).toBeLessThan(8_000);
      if (place !== 'local')
        expect(await annotationsAt(place, contest)).not.toHaveProperty([
          'k8s-leader.dev/step-down',
        ]);
    });
  },
);

describe.concurrent('a leader that is asked', () => {
  test('ends with 79 once its command is gone, which had the time to drain, and the lock was renewed', async ({
    contest,
  }) => {
    const a = await joinAt('lease', contest, 'a', { command: contest.life('slow') });
    await contest.nthLife(1);
    const before = (await contest.looksAndWrites('a')).length;
    const asking = await stepDownAt('lease', contest, '--wait', '10s');
    expect(await asking.ended).toEqual({ code: 0, signal: null });
    expect(await a.ended).toEqual({ code: 79, signal: null });
    const since = (await contest.looksAndWrites('a')).slice(before);
    expect(since.filter((each) => each === 'update 200').length).toBeGreaterThanOrEqual(3);
    expect(isReleased((await contest.lease())!.spec)).toBe(true);
  });

  test('and deaf is killed after --stop-timeout', async ({ contest }) => {
    const command = contest.life('deaf', 'family');
    const a = await joinAt('lease', contest, 'a', { command, flags: ['--stop-timeout', '1s'] });
    await contest.nthLife(1, 2);
    const asking = await stepDownAt('lease', contest, '--wait', '10s');
    expect(await asking.ended).toEqual({ code: 0, signal: null });
    expect(await a.ended).toEqual({ code: 79, signal: null });
    expect(a.stderr).toContain('did not stop in time');
  });

  test('but may not watch follows with its next renewal', async ({ contest }) => {
    const a = await joinAt('lease', contest, 'a', { verbs: withoutWatch });
    await contest.nthLife(1);
    const asking = await stepDownAt('lease', contest, '--wait', '10s');
    expect(await asking.ended).toEqual({ code: 0, signal: null });
    expect(await a.ended).toEqual({ code: 79, signal: null });
  });
});

describe.concurrent('a request to step down moves nobody that is for', () => {
  test.for(['another holder', 'another term of the same holder'])(
    '%s',
    async (whose, { contest }) => {
      const a = await joinAt('lease', contest, 'a');
      await contest.nthLife(1);
      const { holderIdentity, acquireTime } = (await contest.lease())!.spec;
      const stepDown =
        whose === 'another holder'
          ? { holderIdentity: 'another', acquireTime }
          : { holderIdentity, acquireTime: '2026-11-21T09:00:00.000001Z' };
      const annotations = { 'k8s-leader.dev/step-down': JSON.stringify(stepDown) };
      await contest.patchLease({ metadata: { annotations } });
      await contest.nextRequests('a', 4);
      expect(a.log.map(({ event }) => event)).not.toContain('asked-to-step-down');
      expect((await contest.lease())!.spec).toMatchObject({ holderIdentity, acquireTime });
      expect(await annotationsAt('lease', contest)).not.toHaveProperty([
        'k8s-leader.dev/step-down',
      ]);
      expect(await contest.lives()).toHaveLength(1);
    },
  );
});

const times = {
  acquireTime: '2026-11-21T09:00:00.000001Z',
  renewTime: '2026-11-21T09:00:00.000001Z',
};
const dead = { holderIdentity: 'dead', leaseDurationSeconds: 315_360_000, ...times };

describe.concurrent('somebody who does not follow', () => {
  test('is told of after --wait, with 75', async ({ contest }) => {
    await contest.createLease(dead);
    const asking = await stepDownAt('lease', contest, '--wait', '1s');
    expect(await asking.ended).toEqual({ code: 75, signal: null });
    expect(asking.stderr).toContain(
      '"dead" has not stepped down within 1s; only a live k8s-leader obeys',
    );
    expect((await contest.lease())!.spec).toMatchObject(dead);
  });

  test('and is dead is cleared by --force, and a standby leads at once', async ({ contest }) => {
    await contest.createLease(dead, { labels: { kept: 'yes' } });
    const a = await joinAt('lease', contest, 'a');
    await a.told('standing-by');
    await contest.watching('a');
    const clearing = await stepDownAt('lease', contest, '--force', '--yes');
    expect(await clearing.ended).toEqual({ code: 0, signal: null });
    await a.told('started', 1_000);
    expect((await contest.lease())!.metadata).toMatchObject({ labels: { kept: 'yes' } });
  });

  test('but is alive is left alone by --force', async ({ contest }) => {
    await joinAt('lease', contest, 'a');
    await contest.nthLife(1);
    const clearing = await stepDownAt('lease', contest, '--force', '--yes');
    expect(await clearing.ended).toEqual({ code: 75, signal: null });
    expect(clearing.stderr).toContain('its record has changed');
    expect(await contest.lives()).toHaveLength(1);
  });

  test('is not cleared without a question, and there is nobody to ask', async ({ contest }) => {
    await contest.createLease(dead);
    const clearing = await stepDownAt('lease', contest, '--force');
    expect(await clearing.ended).toEqual({ code: 64, signal: null });
    expect((await contest.lease())!.spec).toMatchObject(dead);
  });
});
