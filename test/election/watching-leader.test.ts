/** A leader that watches: a foreign hand is noticed at once, and no event by itself ever ends a term (R6). */
import { beforeEach, describe, expect, it, test } from 'vitest';
import type { Versioned } from '../../src/election/lock.ts';
import type { Term } from '../../src/election/term.ts';
import { recordOf, Scene, type Replica } from './scene.ts';
import { WatchPost } from './watch-post.ts';

let scene: Scene;
let post: WatchPost;
let a: Replica;
let term: Term;

/** a has renewed once, and watches; the next renewal is at 5,000. */
beforeEach(async () => {
  scene = new Scene();
  post = new WatchPost(scene.server);
  a = scene.replica('a', {}, post.watch);
  term = await a.lead();
  await scene.clock.advance(2_100);
});

const verbs = () => scene.server.calls.map(({ verb }) => verb);
const stateOf = (record: Versioned['record'], version: string): Versioned => ({
  record,
  version,
  origin: undefined,
});

describe('a leader that watches', () => {
  it('begins to watch a moment later: the start of its command comes first', async () => {
    const other = new Scene();
    const { server, clock } = other;
    const otherPost = new WatchPost(server);
    await other.replica('b', {}, otherPost.watch).lead();
    await clock.advance(199);
    expect(otherPost.asked).toBe(0);
    await clock.advance(1);
    expect(otherPost.asked).toBe(1);
  });

  it('writes once a retry period and reads nothing, whatever it sees of itself', async () => {
    await scene.clock.advance(40_000);
    expect(verbs()).toHaveLength(3 + 20);
    expect(verbs().filter((verb) => verb === 'read')).toHaveLength(1);
    expect(post.asked).toBe(1);
  });

  it('knows another holder at once, by an answer to its own request', async () => {
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(1);
    expect(term.loss).toEqual({ kind: 'usurped', holder: 'b' });
    expect(verbs().slice(-2)).toEqual(['write', 'read']);
    expect(scene.server.record?.holder).toBe('b');
  });

  it('knows it also when a renewal of its own was under way, and is acknowledged late', async () => {
    const { current } = scene.server;
    a.wire.once('write', { back: 500 });
    await scene.clock.advance(2_000);
    expect(scene.server.current?.version).not.toBe(current?.version);
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(501);
    expect(term.loss).toEqual({ kind: 'usurped', holder: 'b' });
  });

  test.each([
    ['deleted', undefined],
    ['emptied', { holder: '' }],
    ['edited', { leaseDurationMs: 1_000 }],
  ] as const)('writes its record again at once when it was %s', async (found, change) => {
    const { record } = scene.server;
    scene.server.edit(change && { ...record!, ...change });
    await scene.clock.advance(1);
    expect(scene.server.record).toMatchObject({ holder: 'a', leaseDurationMs: 15_000 });
    expect(a.told).toEqual(['elected', 'restored']);
    expect(term.isTrusted()).toBe(true);
  });

  it('leaves a change of labels for its next renewal', async () => {
    scene.server.edit(scene.server.record);
    await scene.clock.advance(1_000);
    expect(verbs()).toHaveLength(3);
  });

  test.each([
    ['older than its own write', '90'],
    ['as old as its own write', undefined],
  ])('takes no notice of another holder in a state %s', async (_, version) => {
    const shown = version ?? scene.server.current!.version;
    for (let time = 0; time < 20; time += 1) {
      post.show({ version: shown, seen: stateOf(recordOf('z'), shown) });
      post.show({ version: shown, seen: undefined });
      await scene.clock.advance(50);
    }
    expect(verbs()).toHaveLength(3);
    expect(term.isTrusted()).toBe(true);
  });

  test.each(['999999', 'opaque'])(
    'asks the server about a holder that only the watch has seen, and stays (version %s)',
    async (version) => {
      post.show({ version, seen: stateOf(recordOf('z'), version) });
      await scene.clock.advance(1_000);
      expect(term.isTrusted()).toBe(true);
      expect(a.told).toEqual(['elected']);
      expect(verbs()).toHaveLength(3 + 1);
    },
  );

  it('is not driven mad by a hand that never rests', async () => {
    for (let time = 0; time < 500; time += 1) {
      const { record } = scene.server;
      scene.server.edit({ ...record!, leaseDurationMs: 1_000 });
      await scene.clock.advance(2);
    }
    expect(term.isTrusted()).toBe(true);
    // Each costs a write that fails, a read, and a write.
    expect(verbs().length).toBeLessThan(3 * 30);
  });

  it('does not need it: broken, it is opened again; gone, renewals find out', async () => {
    post.show('end');
    await scene.clock.advance(200);
    expect(post.asked).toBe(2);
    post.isSilent = true;
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(2_000);
    expect(term.loss).toEqual({ kind: 'usurped', holder: 'b' });
  });

  it('watches no longer when it has released, or lost', async () => {
    await a.release();
    await scene.clock.advance(1);
    expect(post.open).toBe(0);
    expect(scene.clock.sleepers).toBe(0);
  });

  it('remembers, when it stands again, what the watch has shown of another’s promise', async () => {
    a.wire.cut();
    scene.server.edit(recordOf('z', { leaseDurationMs: 60_000 }));
    scene.server.edit(undefined);
    await scene.clock.advance(12_000);
    expect(term.loss).toEqual({ kind: 'expired' });
    void a.release();
    await scene.clock.advance(6_000);
    a.wire.heal();
    const campaign = a.campaign();
    await scene.clock.advance(40_000);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(20_000);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('goes on with the watch that it had as a standby', async () => {
    const b = scene.replica('b', { random: () => 0 }, post.watch);
    const campaign = b.campaign();
    await scene.clock.advance(100);
    await a.release();
    await scene.clock.advance(100);
    expect(campaign.outcome?.kind).toBe('elected');
    const asked = post.asked;
    scene.server.edit(recordOf('c'));
    await scene.clock.advance(1);
    expect(b.term?.loss).toEqual({ kind: 'usurped', holder: 'c' });
    expect(post.asked).toBe(asked);
  });
});
