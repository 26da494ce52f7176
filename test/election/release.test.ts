import { beforeEach, describe, expect, it, test } from 'vitest';
import type { ReleaseOutcome } from '../../src/election/events.ts';
import { LockFault, type LeaderRecord } from '../../src/election/lock.ts';
import type { Term } from '../../src/election/term.ts';
import { defaultTiming } from '../../src/election/timing.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { recordOf, Scene, type Replica } from './scene.ts';

const reset = new LockFault('unreachable', 'reset');
/** The bound of a release under a request timeout of five seconds. */
const releaseTimeoutMs = 5_000;

let scene: Scene;
let a: Replica;
let term: Term;

/** a leads since 1,000; its next renewal is at 3,000. */
beforeEach(async () => {
  scene = new Scene();
  a = scene.replica('a');
  term = await a.lead();
});

interface Ending {
  outcome?: ReleaseOutcome;
  tookMs?: number;
}

/** Releases the latest term, or the given one, and moves the clock by `ms`. What comes later is filled in. */
async function releasing(ms = 0, which?: Term): Promise<Ending> {
  const ending: Ending = {};
  const beganAtMs = scene.clock.now();
  void (which ?? a).release().then((outcome) => {
    Object.assign(ending, { outcome, tookMs: scene.clock.now() - beganAtMs });
  });
  await scene.clock.advance(ms);
  await atRest();
  return ending;
}

const verbsSince = (count: number) => a.wire.calls.slice(count).map(({ verb }) => verb);

describe('a release', () => {
  it('writes holder "" and one second on the answer to its latest write', async () => {
    const before = a.wire.calls.length;
    expect(await releasing()).toEqual({ outcome: { kind: 'released' }, tookMs: 0 });
    expect(verbsSince(before)).toEqual(['write']);
    expect(a.wire.calls.at(-1)?.basis?.version).toBe('101');
    expect(scene.server.record).toMatchObject({
      holder: '',
      leaseDurationMs: 1_000,
      transitions: 0,
    });
  });

  it('is taken by a follower at its next look, with one more transition', async () => {
    const b = scene.replica('b');
    b.campaign();
    await scene.clock.advance(1_000);
    await releasing(2_400);
    expect(b.term?.isTrusted()).toBe(true);
    expect(scene.server.record?.transitions).toBe(1);
  });

  it('ends the term without a loss, then or later', async () => {
    await releasing();
    expect(term.isTrusted()).toBe(false);
    await scene.clock.advance(60_000);
    expect(term.loss).toBeUndefined();
    expect(term.lost.aborted).toBe(false);
    expect(a.told).toEqual(['elected', 'release']);
  });

  it('ends the renewing and leaves nobody asleep', async () => {
    await releasing();
    const before = a.wire.calls.length;
    expect(scene.clock.sleepers).toBe(0);
    await scene.clock.advance(60_000);
    expect(a.wire.calls.length).toBe(before);
  });

  it('tells what came of it', async () => {
    await releasing();
    expect(a.events.at(-1)).toEqual({ kind: 'release', outcome: { kind: 'released' } });
  });
});

describe('a release leaves alone (R10)', () => {
  test.each<[string, (ours: LeaderRecord) => LeaderRecord | undefined]>([
    ['another holder', () => recordOf('b')],
    ['another process with our identity', () => recordOf('a')],
    ['a write with our acquireTime that we did not write', (ours) => ({ ...ours, renewTimeUs: 5 })],
    ['what somebody else released', () => recordOf('', { leaseDurationMs: 1_000 })],
    ['an object that is gone', () => undefined],
  ])('%s', async (_, edit) => {
    scene.server.edit(edit(scene.server.record!));
    const left = scene.server.record;
    const before = a.wire.calls.length;
    expect((await releasing()).outcome).toEqual({ kind: 'not-ours' });
    expect(verbsSince(before)).toEqual(['write', 'read']);
    expect(scene.server.record).toEqual(left);
  });

  test('another one that comes while it is writing', async () => {
    a.wire.once('write', { there: 100 });
    const ending = await releasing(50);
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(1_000);
    expect(ending.outcome).toEqual({ kind: 'not-ours' });
    expect(scene.server.record).toEqual(recordOf('b'));
  });
});

describe('a release while a renewal is under way', () => {
  it('waits for its answer, and frees what that has made of the lock', async () => {
    a.wire.once('write', { back: 300 });
    await scene.clock.advance(2_000);
    const before = a.wire.calls.length;
    const ending = await releasing(1_000);
    expect(ending.outcome).toEqual({ kind: 'released' });
    expect(verbsSince(before)).toEqual(['read', 'write']);
    expect(scene.server.record?.holder).toBe('');
  });
});

describe('a release that meets a conflict', () => {
  it('reads, and frees what is still ours', async () => {
    a.wire.once('write', { there: 100 });
    const before = a.wire.calls.length;
    const ending = await releasing(50);
    scene.server.edit({ ...scene.server.record!, transitions: 7 });
    await scene.clock.advance(1_000);
    expect(ending.outcome).toEqual({ kind: 'released' });
    expect(verbsSince(before)).toEqual(['write', 'read', 'write']);
    expect(scene.server.record).toMatchObject({ holder: '', transitions: 7 });
  });

  it('for ever ends within its bound', async () => {
    a.wire.rule = ({ verb }) => {
      if (verb === 'write') scene.server.edit(scene.server.record);
      return { back: 10 };
    };
    const ending = await releasing(60_000);
    expect(ending.tookMs).toBeLessThanOrEqual(releaseTimeoutMs);
    expect(ending.outcome?.kind).toBe('failed');
    const before = a.wire.calls.length;
    await scene.clock.advance(60_000);
    expect(a.wire.calls.length).toBe(before);
    expect(scene.clock.sleepers).toBe(0);
  });
});

describe('a release that fails', () => {
  it('once is tried again', async () => {
    a.wire.once('read', { there: reset });
    expect((await releasing(1_000)).outcome).toEqual({ kind: 'released' });
  });

  it('on its way back is found to have been applied', async () => {
    a.wire.once('write', { back: reset });
    expect((await releasing(1_000)).outcome).toEqual({ kind: 'released' });
    expect(scene.server.record?.holder).toBe('');
  });

  it.each([
    ['is refused', () => ({ there: reset })],
    ['is swallowed', () => ({ there: 'never' as const })],
    ['is forbidden', () => ({ there: new LockFault('denied', 'forbidden') })],
  ])('for ever, because everything %s, is bounded and told', async (_, rule) => {
    a.wire.rule = rule;
    const ending = await releasing(60_000);
    expect(ending.outcome?.kind).toBe('failed');
    expect(ending.tookMs).toBeLessThanOrEqual(releaseTimeoutMs);
    expect(a.told).toEqual(['elected', 'release']);
    expect(scene.clock.sleepers).toBe(0);
  });

  it('sends nothing once it has told so', async () => {
    a.wire.rule = ({ verb }) => (verb === 'write' ? { there: 'never' } : { back: 1_000 });
    const ending = await releasing(releaseTimeoutMs);
    expect(ending.outcome?.kind).toBe('failed');
    const before = a.wire.calls.length;
    await scene.clock.advance(60_000);
    expect(a.wire.calls.length).toBe(before);
  });
});

describe('a write of ours on the wire (R11)', () => {
  it('is awaited before the release reads', async () => {
    await scene.clock.advance(1_900);
    a.wire.once('write', { there: 700 });
    await scene.clock.advance(100);
    const before = a.wire.calls.length;
    const ending = await releasing(699);
    expect(verbsSince(before)).toEqual([]);
    await scene.clock.advance(1);
    expect(ending.outcome).toEqual({ kind: 'released' });
    expect(ending.tookMs).toBe(700);
    await scene.clock.advance(60_000);
    expect(scene.server.record?.holder).toBe('');
  });

  it('that never settles delays the release by no more than half its bound', async () => {
    a.wire.once('write', { there: 'never' });
    await scene.clock.advance(2_000);
    const ending = await releasing(60_000);
    expect(ending.outcome).toEqual({ kind: 'released' });
    expect(ending.tookMs).toBe(releaseTimeoutMs / 2);
  });

  it('is not sent a second time after the term has ended', async () => {
    a.wire.once('write', { there: 'never' });
    await scene.clock.advance(2_000);
    const writes = a.writes.length;
    await releasing(60_000);
    // One more write: the release itself.
    expect(a.writes.length).toBe(writes + 1);
  });

  it('that lands after the release cannot undo it', async () => {
    a.wire.once('write', { there: 20_000 });
    a.wire.once('write', { there: 30_000 });
    await scene.clock.advance(2_000);
    const ending = await releasing(60_000);
    expect(ending.outcome).toEqual({ kind: 'released' });
    expect(scene.server.record?.holder).toBe('');
  });

  it('that landed unknown to us is released all the same', async () => {
    a.wire.once('write', { back: 'never' });
    a.wire.once('write', { there: 'never' });
    await scene.clock.advance(2_000);
    const ending = await releasing(60_000);
    expect(ending.outcome).toEqual({ kind: 'released' });
  });
});

describe('the release of a lost term', () => {
  it('frees what is still ours, so that nobody waits for it', async () => {
    a.wire.cut();
    await scene.clock.advance(10_000);
    expect(term.loss).toEqual({ kind: 'expired' });
    a.wire.heal();
    const before = a.wire.calls.length;
    expect((await releasing(releaseTimeoutMs)).outcome).toEqual({ kind: 'released' });
    // What it has known last is as old as the renew deadline: it looks first.
    expect(verbsSince(before)).toEqual(['read', 'write']);
    expect(term.loss).toEqual({ kind: 'expired' });
  });

  it('leaves a successor alone', async () => {
    a.wire.cut();
    await scene.clock.advance(10_000);
    scene.server.edit(recordOf('b'));
    a.wire.heal();
    expect((await releasing(releaseTimeoutMs)).outcome).toEqual({ kind: 'not-ours' });
    expect(scene.server.record).toEqual(recordOf('b'));
  });
});

describe('the release of an earlier term', () => {
  it('does not give away a later one of the same elector', async () => {
    // A rejoining caller whose `finally` releases the lost term after the next one has begun.
    a.wire.cut();
    await scene.clock.advance(15_000);
    a.wire.heal();
    const later = await a.lead();
    scene.replica('b', { timing: { ...defaultTiming, retryPeriodMs: 100 } }).campaign();
    await releasing(0, term);
    expect(await scene.mostLeadingDuring(10_000)).toBe(1);
    expect(later.isTrusted()).toBe(true);
    expect(scene.leading).toEqual(['a']);
  });

  it('a second time does not give away a later one either', async () => {
    await releasing();
    await a.lead();
    await releasing(0, term);
    expect(scene.server.record?.holder).toBe('a');
  });

  it('a second time sends nothing and says the same', async () => {
    await releasing();
    const before = a.wire.calls.length;
    expect((await releasing(0, term)).outcome).toEqual({ kind: 'released' });
    expect(a.wire.calls.length).toBe(before);
    expect(a.told).toEqual(['elected', 'release']);
  });
});
