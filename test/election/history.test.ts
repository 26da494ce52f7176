/** Past terms on the lock: in writes that are made anyway, bounded, and nothing depends on them. */
import { beforeEach, describe, expect, it, test } from 'vitest';
import { withEnd, withoutRelease } from '../../src/election/history.ts';
import type { PastTerm } from '../../src/election/lock.ts';
import { longestHolder, mostTerms } from '../../src/election/record.ts';
import { LockFault } from '../../src/election/lock.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { recordOf, released, Scene, type Replica } from './scene.ts';

let scene: Scene;
let a: Replica;

beforeEach(() => {
  scene = new Scene();
  a = scene.replica('a');
});

const history = () => scene.server.record?.history;

async function elected(replica: Replica, withinMs: number): Promise<void> {
  const campaign = replica.campaign();
  await scene.clock.advance(withinMs);
  expect(campaign.outcome?.kind).toBe('elected');
}

describe('a release notes the own term, in the same write,', () => {
  it('with the status of the work', async () => {
    const term = await a.lead();
    const { acquireTimeUs } = scene.server.record!;
    const before = a.wire.calls.length;
    void term.release({ exitStatus: 3 });
    await atRest();
    expect(a.wire.calls.slice(before).map(({ verb }) => verb)).toEqual(['write']);
    const { renewTimeUs: untilUs } = scene.server.record!;
    expect(history()).toEqual([
      { holder: 'a', acquireTimeUs, untilUs, ended: 'released', exitStatus: 3 },
    ]);
  });

  it('as stepped down where somebody has asked for it', async () => {
    await a.lead();
    const record = scene.server.record!;
    const { holder, acquireTimeUs = 0 } = record;
    scene.server.edit({ ...record, stepDown: { holder, acquireTimeUs } });
    await scene.clock.advance(2_100);
    await a.release();
    expect(history()).toMatchObject([{ holder: 'a', ended: 'stepped-down' }]);
  });

  it('as lost where it could not be renewed', async () => {
    await a.lead();
    a.wire.cut();
    await scene.clock.advance(10_100);
    expect(a.term?.loss?.kind).toBe('expired');
    a.wire.heal();
    const release = a.release();
    await scene.clock.advance(5_000);
    expect(await release).toEqual({ kind: 'released' });
    expect(history()).toMatchObject([{ holder: 'a', ended: 'lost' }]);
  });

  it('and the next terms after it', async () => {
    for (const name of ['b', 'c', 'd']) {
      const replica = scene.replica(name);
      await replica.lead();
      await replica.release();
    }
    expect(history()?.map(({ holder }) => holder)).toEqual(['b', 'c', 'd']);
  });
});

describe('a claim notes', () => {
  it('that the term before has expired, and when its lease ended', async () => {
    scene.server.edit(recordOf('dead'));
    await elected(a, 16_000);
    expect(history()).toEqual([
      {
        holder: 'dead',
        acquireTimeUs: 1_700_000_000_000_000,
        untilUs: 1_700_000_015_000_000,
        ended: 'expired',
      },
    ]);
    expect(scene.server.record?.holder).toBe('a');
  });

  it('nothing where the lock was free, or never held', async () => {
    await a.lead();
    expect(history()).toBeUndefined();
    scene.server.edit(released);
    await scene.replica('b').lead();
    expect(history()).toBeUndefined();
  });

  it('nothing of a claim of its own that was never answered', async () => {
    a.wire.once('write', { back: new LockFault('unreachable', 'reset') });
    await elected(a, 20_000);
    expect(a.writes.length).toBeGreaterThan(1);
    expect(history()).toBeUndefined();
  });
});

it('is left alone by renewals, and by an elector that does not want it', async () => {
  const past = withoutRelease(recordOf('dead'));
  scene.server.edit({ ...released, history: past });
  const b = scene.replica('b', { history: false });
  await b.lead();
  await scene.clock.advance(10_000);
  expect(history()).toEqual(past);
  await b.release();
  expect(history()).toEqual(past);
});

it('survives the release of another, of which it says nothing', async () => {
  const past = withoutRelease(recordOf('dead'));
  scene.server.edit({ ...recordOf('b'), history: past });
  scene.server.edit({ ...released, history: past });
  await a.lead();
  await a.release();
  expect(history()?.map(({ holder, ended }) => [holder, ended])).toEqual([
    ['dead', 'expired'],
    ['a', 'released'],
  ]);
});

test('a campaign that ends in the moment of its victory has had no term', async () => {
  a.wire.once('write', { back: 100 });
  const campaign = a.campaign();
  await scene.clock.advance(50);
  campaign.abort();
  await scene.clock.advance(1_000);
  expect(campaign.outcome?.kind).toBe('aborted');
  expect(scene.server.record?.holder).toBe('');
  expect(history()).toBeUndefined();
});

describe('bounds', () => {
  const terms = Array.from({ length: mostTerms + 5 }, (_, index): PastTerm => {
    return { holder: `h${index}`, acquireTimeUs: index, untilUs: index + 1, ended: 'released' };
  });

  it('keeps the latest twenty', () => {
    const kept = withEnd(recordOf('x', { history: terms }), { ended: 'released' }, 7);
    expect(kept).toHaveLength(20);
    expect(kept?.at(-1)?.holder).toBe('x');
    expect(kept?.[0]?.holder).toBe('h6');
  });

  it('cuts a holder of any length', () => {
    const [term] = withoutRelease(
      recordOf(`${'x'.repeat(longestHolder - 1)}🦊${'y'.repeat(9_999)}`),
    )!;
    expect(term?.holder.length).toBe(longestHolder);
    expect(term?.holder.isWellFormed()).toBe(true);
  });

  it('tells an end once: the latest word counts', () => {
    const cleared = withEnd(recordOf('x'), { ended: 'cleared' }, 7);
    const ended = withEnd(recordOf('x', { history: cleared }), { ended: 'released' }, 9);
    expect(ended).toMatchObject([{ holder: 'x', ended: 'released', untilUs: 9 }]);
  });

  it.each([
    [{ holder: '' }, undefined],
    [{ acquireTimeUs: undefined }, undefined],
    [{ acquireTimeUs: NaN }, undefined],
    [{ acquireTimeUs: 1e300 }, undefined],
    [{ renewTimeUs: undefined }, { untilUs: undefined }],
    [{ leaseDurationMs: undefined }, { untilUs: undefined }],
    [{ leaseDurationMs: Infinity }, { untilUs: undefined }],
    [{ renewTimeUs: Number.MAX_SAFE_INTEGER }, { untilUs: undefined }],
  ])('of a record with %j it says %j', (changes, said) => {
    const noted = withoutRelease(recordOf('x', changes));
    if (said === undefined) expect(noted).toBeUndefined();
    else expect(noted).toMatchObject([said]);
  });
});
