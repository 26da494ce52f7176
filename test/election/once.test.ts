/** Keys of what is done once for all: who sees theirs does not stand, and a release stores one in the same write. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { CampaignOutcome } from '../../src/election/options.ts';
import type { Patience } from '../../src/election/candidate.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { recordOf, released, Scene, type Replica } from './scene.ts';
import { WatchPost } from './watch-post.ts';

let scene: Scene;
let post: WatchPost;
let a: Replica;

beforeEach(() => {
  scene = new Scene();
  post = new WatchPost(scene.server);
  a = scene.replica('a', {}, post.watch);
});

function stand(replica: Replica, patience: Patience = { kind: 'forever' }) {
  const campaign: { outcome?: CampaignOutcome } = {};
  const { signal } = new AbortController();
  void replica.elector
    .campaign({ signal, patience, once: 'k' })
    .then((outcome) => (campaign.outcome = outcome));
  return campaign;
}

describe('a candidate', () => {
  it.each<Patience>([{ kind: 'forever' }, { kind: 'try' }, { kind: 'wait', waitMs: 100 }])(
    'that finds its key writes nothing ($kind)',
    async (patience) => {
      for (const record of [released, recordOf('b')]) {
        scene.server.edit({ ...record, done: ['j', 'k'] });
        const campaign = stand(a, patience);
        await atRest();
        expect(campaign.outcome).toEqual({ kind: 'done' });
      }
      expect(a.writes).toEqual([]);
    },
  );

  it('is shown its key while it stands by', async () => {
    const b = scene.replica('b');
    const term = await b.lead();
    const campaign = stand(a);
    await scene.clock.advance(5_000);
    expect(campaign.outcome).toBeUndefined();
    await term.release({ done: 'k' });
    await scene.clock.advance(1);
    expect(campaign.outcome).toEqual({ kind: 'done' });
    expect(a.writes).toEqual([]);
  });

  it('claims only what it has seen without the key', async () => {
    scene.server.edit({ ...released, done: ['j'] });
    a.wire.once('write', { there: 50 });
    const campaign = stand(a);
    await atRest();
    scene.server.edit({ ...released, done: ['j', 'k'] });
    await scene.clock.advance(1_500);
    expect(campaign.outcome).toEqual({ kind: 'done' });
    expect(scene.server.record?.holder).toBe('');
  });

  it('takes no notice of the keys of others', async () => {
    scene.server.edit({ ...released, done: ['j'] });
    const campaign = stand(a);
    await atRest();
    expect(campaign.outcome?.kind).toBe('elected');
    expect(scene.server.record?.done).toEqual(['j']);
  });
});

describe('a release with a key', () => {
  it('is one write, which keeps the keys that were there (R13)', async () => {
    scene.server.edit({ ...released, done: ['j'] });
    const term = await a.lead();
    const before = a.wire.calls.length;
    expect(await term.release({ done: 'k' })).toEqual({ kind: 'released' });
    expect(a.wire.calls.length).toBe(before + 1);
    expect(scene.server.record).toMatchObject({ holder: '', done: ['j', 'k'] });
  });

  it('keeps the latest hundred', async () => {
    const many = Array.from({ length: 100 }, (_, n) => `k${n}`);
    scene.server.edit({ ...released, done: many });
    const term = await a.lead();
    await term.release({ done: 'k' });
    expect(scene.server.record?.done).toEqual([...many.slice(1), 'k']);
  });

  it('has stored it even if the answer was lost', async () => {
    const term = await a.lead();
    a.wire.once('write', { back: 'never' });
    const releasing = term.release({ done: 'k' });
    await scene.clock.advance(5_000);
    expect(await releasing).toEqual({ kind: 'released' });
    expect(scene.server.record).toMatchObject({ holder: '', done: ['k'] });
  });

  it('says so when the lock does not keep it', async () => {
    const handle = scene.server.handle();
    const forgetful = scene.replica('b', {
      lock: {
        ...handle,
        write: (record, ...how) => handle.write({ ...record, done: undefined }, ...how),
      },
    });
    const term = await forgetful.lead();
    expect(await term.release({ done: 'k' })).toEqual({ kind: 'released', isForgetful: true });
  });

  it('stores nothing over somebody else', async () => {
    const term = await a.lead();
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(2_100);
    expect(await term.release({ done: 'k' })).toEqual({ kind: 'not-ours' });
    expect(scene.server.record).toEqual(recordOf('b'));
  });
});
