/** A standby that watches: no requests while all goes well, and none of its promises rests on the watch (case 17). */
import { beforeEach, describe, expect, it, test } from 'vitest';
import { LockFault } from '../../src/election/lock.ts';
import { defaultTiming } from '../../src/election/timing.ts';
import { seededRandom } from '../support/random.ts';
import { recordOf, released, Scene, type Campaign, type Replica } from './scene.ts';
import { WatchPost } from './watch-post.ts';

let scene: Scene;
let post: WatchPost;
let b: Replica;

/** Hesitates for 5 ms, looks without a spread. */
const watcher = (identity: string, random = () => 0) =>
  scene.replica(identity, { random }, post.watch);

/** By somebody else, every two seconds. */
async function renewed(times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    scene.server.edit(recordOf('a', { renewTimeUs: time }));
    await scene.clock.advance(2_000);
  }
}

/** Somebody else takes the lock while we hesitate. */
async function beaten(): Promise<void> {
  scene.server.edit(released);
  await scene.clock.advance(3);
  scene.server.edit(recordOf('c'));
}

const calls = () => scene.server.calls.length;

async function standBy(): Promise<Campaign> {
  const campaign = b.campaign();
  await scene.clock.advance(0);
  return campaign;
}

beforeEach(() => {
  scene = new Scene();
  post = new WatchPost(scene.server);
  scene.server.edit(recordOf('a'));
  b = watcher('b');
});

describe('a standby that watches', () => {
  it('sends nothing but one read and one watch while the leader renews', async () => {
    await standBy();
    await renewed(100);
    expect(calls()).toBe(1);
    expect(post.asked).toBe(1);
  });

  it('claims what is released after a short hesitation, with a single write', async () => {
    const campaign = await standBy();
    await renewed(3);
    scene.server.edit(released);
    await scene.clock.advance(6);
    expect(campaign.outcome?.kind).toBe('elected');
    expect(scene.server.calls.map(({ verb }) => verb)).toEqual(['read', 'write']);
  });

  it('hesitates for longer once somebody else has been quicker', async () => {
    const campaign = await standBy();
    await beaten();
    await scene.clock.advance(1_000);
    scene.server.edit(released);
    await scene.clock.advance(12);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(1);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('claims when the record has run out since its latest sight, to the millisecond', async () => {
    const campaign = await standBy();
    await renewed(5);
    await scene.clock.advance(15_000 - 2_000 + 4);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(1);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('drops its claim when somebody else was faster', async () => {
    const campaign = await standBy();
    await beaten();
    await scene.clock.advance(10_000);
    expect(campaign.outcome).toBeUndefined();
    expect(new Set(scene.server.calls.map(({ verb }) => verb))).toEqual(new Set(['read']));
  });

  describe('on a machine that was busy when it woke', () => {
    const busy = (turns: number) => {
      const { clock } = scene;
      let busyTurns = turns;
      const sleep = (ms: number, signal?: AbortSignal) => {
        const isLate = ms === 1 && busyTurns > 0;
        if (isLate) busyTurns -= 1;
        return clock.sleep(isLate ? 10 : ms, signal);
      };
      const now = () => clock.now();
      const late = { now, sleep, bootTime: () => clock.bootTime(), wall: () => clock.wall() };
      return scene.replica('b', { clock: late, random: () => 0 }, post.watch);
    };

    it('reads the news once more before it claims', async () => {
      b = busy(2);
      const campaign = await standBy();
      scene.server.edit(released);
      await scene.clock.advance(4 + 10 + 5);
      scene.server.edit(recordOf('c'));
      await scene.clock.advance(10_000);
      expect(campaign.outcome).toBeUndefined();
      expect(new Set(scene.server.calls.map(({ verb }) => verb))).toEqual(new Set(['read']));
    });

    it('claims all the same when it stays busy', async () => {
      b = busy(1_000);
      const campaign = await standBy();
      scene.server.edit(released);
      await scene.clock.advance(100);
      expect(campaign.outcome?.kind).toBe('elected');
    });
  });

  it('asks for no watch when it takes what is free', async () => {
    scene.server.edit(released);
    const campaign = await standBy();
    expect(campaign.outcome?.kind).toBe('elected');
    expect(post.asked).toBe(0);
  });

  it('waits out what is deleted', async () => {
    const campaign = await standBy();
    scene.server.edit(undefined);
    await scene.clock.advance(1_000);
    expect(b.told).toEqual(['standing-by', 'waiting-out']);
    await scene.clock.advance(13_900);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(200);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('leaves nothing behind when its campaign is aborted', async () => {
    const campaign = await standBy();
    campaign.abort();
    await scene.clock.advance(1);
    expect(campaign.outcome).toEqual({ kind: 'aborted' });
    expect(post.open).toBe(0);
    expect(scene.clock.sleepers).toBe(0);
  });

  it('that only tries gives up at the first sign of life', async () => {
    const wallMs = scene.clock.wall();
    scene.server.edit(recordOf('a', { renewTimeUs: (wallMs - 60_000) * 1_000 }));
    const campaign = b.campaign({ kind: 'try' });
    await scene.clock.advance(100);
    expect(campaign.outcome).toBeUndefined();
    scene.server.edit(recordOf('a'));
    await scene.clock.advance(1);
    expect(campaign.outcome).toEqual({ kind: 'held', holder: 'a' });
  });

  it('does not wait for its next look when a version cannot be compared: it looks at once', async () => {
    await standBy();
    post.show({ version: 'b7', seen: { record: released, version: 'b7', origin: undefined } });
    await scene.clock.advance(1);
    expect(calls()).toBe(2);
  });

  it('waits out whom such a version has shown, although a hand has taken everything away', async () => {
    const campaign = await standBy();
    const record = recordOf('c', { leaseDurationMs: 30_000 });
    post.show({ version: 'b7', seen: { record, version: 'b7', origin: undefined } });
    scene.server.edit(undefined);
    await scene.clock.advance(29_900);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(200);
    expect(campaign.outcome?.kind).toBe('elected');
  });
});

describe('no stale sight', () => {
  test.each([
    ['an old release', { record: released, version: '90', origin: undefined }],
    ['an old holder', { record: recordOf('z'), version: '90', origin: undefined }],
    ['an old deletion', undefined],
  ])('changes anything: %s', async (_, seen) => {
    const campaign = await standBy();
    await scene.clock.advance(1_000);
    post.show({ version: '90', seen });
    await scene.clock.advance(13_900);
    expect(campaign.outcome).toBeUndefined();
    expect(b.told).toEqual(['standing-by']);
    await scene.clock.advance(200);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  test('makes a deadline move: the same state again', async () => {
    const campaign = await standBy();
    for (let second = 0; second < 14; second += 1) {
      await scene.clock.advance(1_000);
      const { current } = scene.server;
      post.show({ version: current!.version, seen: current });
    }
    await scene.clock.advance(1_100);
    expect(campaign.outcome?.kind).toBe('elected');
  });
});

describe('a promise that the watch has shown counts', () => {
  const forcedly = recordOf('', { leaseDurationMs: 60_000 });
  const long = recordOf('z', { leaseDurationMs: 60_000 });

  test('when it came and was broken while a claim was on the wire', async () => {
    const campaign = await standBy();
    b.wire.once('write', { there: 200 });
    scene.server.edit(released);
    await scene.clock.advance(50);
    scene.server.edit(long);
    scene.server.edit(undefined);
    await scene.clock.advance(59_000);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(2_000);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  test('and so does one in an answer that is older than what the watch has shown meanwhile', async () => {
    const campaign = await standBy();
    post.isSilent = true;
    scene.server.edit(long);
    post.isSilent = false;
    b.wire.once('read', { back: 100 });
    post.show({ version: 'opaque', seen: undefined });
    await scene.clock.advance(50);
    scene.server.edit(forcedly);
    await scene.clock.advance(59_000);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(2_000);
    expect(campaign.outcome?.kind).toBe('elected');
  });
});

describe('a watch that', () => {
  it('falls silent is found out by a look, and replaced', async () => {
    await standBy();
    post.isSilent = true;
    await renewed(4);
    expect(calls()).toBe(2);
    expect(post.asked).toBe(2);
    post.isSilent = false;
    await renewed(20);
    expect(calls()).toBe(2);
  });

  it('shows what a look finds, while that is under way, goes on', async () => {
    await standBy();
    b.wire.once('read', { there: 5, back: 10 });
    await scene.clock.advance(5_001);
    expect(calls()).toBe(2);
    await renewed(1);
    expect(post.asked).toBe(1);
  });

  it('is silent for good costs no more than a look now and then, and no takeover', async () => {
    const campaign = await standBy();
    post.isSilent = true;
    await renewed(30);
    expect(calls()).toBeLessThan(20);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(15_000 + 6_000);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('ends is begun again, and what happened in between is seen', async () => {
    const campaign = await standBy();
    post.show('end');
    scene.server.edit(released);
    await scene.clock.advance(140);
    expect(campaign.outcome?.kind).toBe('elected');
    expect(post.asked).toBe(2);
  });

  it('breaks is begun again within a retry period, and polled meanwhile', async () => {
    await standBy();
    post.refusal = new LockFault('unreachable', 'reset');
    post.show(new LockFault('unreachable', 'reset'));
    await renewed(5);
    expect(calls()).toBeGreaterThanOrEqual(4);
    post.refusal = undefined;
    await renewed(30);
    const before = calls();
    await renewed(20);
    expect(calls()).toBe(before);
    expect(b.told).toEqual(['standing-by']);
  });

  it('never opens is told after a while, once, and its end as well', async () => {
    post.refusal = new LockFault('unreachable', 'no');
    await standBy();
    await renewed(50);
    expect(b.told).toEqual(['standing-by', 'unwatched']);
    post.refusal = undefined;
    await renewed(30);
    expect(b.told).toEqual(['standing-by', 'unwatched', 'watched']);
  });

  it('is denied once, by a server that is just starting, is asked for again soon', async () => {
    await standBy();
    post.refusal = new LockFault('denied', 'RBAC: role not found');
    post.show(new LockFault('unreachable', 'reset'));
    await scene.clock.advance(500);
    expect(post.asked).toBe(2);
    post.refusal = undefined;
    await renewed(5);
    expect(post.open).toBe(1);
    expect(b.told).toEqual(['standing-by']);
  });

  it('is denied once by a server that was out of reach before, is asked for again soon', async () => {
    await standBy();
    post.refusal = new LockFault('unreachable', 'refused');
    post.show(new LockFault('unreachable', 'reset'));
    while (post.asked < 3) await scene.clock.advance(500);
    post.refusal = new LockFault('denied', 'RBAC: role not found');
    const { asked } = post;
    while (post.asked === asked) await scene.clock.advance(500);
    post.refusal = undefined;
    await renewed(30);
    expect(post.open).toBe(1);
    expect(b.told).not.toContain('out-of-reach');
  });

  it('is forbidden is told once, when it was refused twice; the lock is polled as before', async () => {
    post.refusal = new LockFault('denied', 'not allowed to watch', { hint: 'add to a Role' });
    const campaign = await standBy();
    await renewed(60);
    expect(b.told).toEqual(['standing-by', 'unwatched']);
    expect(post.asked).toBe(2);
    expect(calls()).toBeGreaterThan(55);
    scene.server.edit(released);
    await scene.clock.advance(defaultTiming.retryPeriodMs);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('floods is read no faster than it is taken', async () => {
    let yielded = 0;
    const flood = {
      async *[Symbol.asyncIterator]() {
        for (; yielded < 1_000; yielded += 1) {
          await Promise.resolve();
          yield { version: 'x', seen: undefined };
        }
      },
    };
    const c = scene.replica('c', {}, () => Promise.resolve(flood));
    // What cannot be compared makes it look, and that takes its time.
    c.wire.rule = () => (yielded > 0 ? { there: 'never' } : {});
    const campaign = c.campaign();
    await scene.clock.advance(1_000);
    expect(yielded).toBeGreaterThan(0);
    expect(yielded).toBeLessThan(100);
    campaign.abort();
    await scene.clock.advance(1);
  });

  it('does not listen when it is told to end keeps nobody waiting', async () => {
    const c = scene.replica('c', {}, () => new Promise(() => undefined));
    const campaign = c.campaign();
    await scene.clock.advance(100);
    campaign.abort();
    await scene.clock.advance(1);
    expect(campaign.outcome).toEqual({ kind: 'aborted' });
    expect(scene.clock.sleepers).toBe(0);
  });
});

describe('a crowd that watches', () => {
  it('has one winner, few conflicts, and goes back to sleep; the next time even fewer', async () => {
    const crowd = Array.from({ length: 1_000 }, (_, place) =>
      watcher(`c${String(place)}`, seededRandom(place)),
    );
    for (const { wire } of crowd.map(({ wire }) => ({ wire })))
      wire.rule = () => ({ there: 2, back: 2 });
    const campaigns = crowd.map((replica) => replica.campaign());
    await scene.clock.advance(100);
    const winners = () =>
      campaigns.flatMap(({ outcome }) => (outcome?.kind === 'elected' ? [outcome.term] : []));
    const callsOfRace = async (release: () => void) => {
      const before = calls();
      release();
      await scene.clock.advance(500);
      return calls() - before;
    };
    // Nobody knows yet that there are so many.
    const first = await callsOfRace(() => {
      scene.server.edit(released);
    });
    expect(first).toBeLessThan(100);
    expect(winners()).toHaveLength(1);
    const second = await callsOfRace(() => void winners()[0]!.release());
    expect(second).toBeLessThan(first / 2);
    expect(winners()).toHaveLength(2);
  });
});
