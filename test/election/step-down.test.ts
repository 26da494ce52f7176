/** A request to step down on the lock: the leader of the very term follows it, nobody else does, and then others go first. */
import { beforeEach, describe, expect, it, test } from 'vitest';
import type { Notes } from '../../src/election/lock.ts';
import { AskedToStepDown } from '../../src/election/events.ts';
import type { Term } from '../../src/election/term.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { recordOf, Scene, type Replica } from './scene.ts';
import { WatchPost } from './watch-post.ts';

let scene: Scene;
let post: WatchPost;
let a: Replica;
let term: Term;

beforeEach(async () => {
  scene = new Scene();
  post = new WatchPost(scene.server);
  a = scene.replica('a', {}, post.watch);
  term = await a.lead();
  await scene.clock.advance(2_100);
});

function stepDown(changes: Partial<NonNullable<Notes['stepDown']>> = {}): void {
  const record = scene.server.record!;
  const { holder, acquireTimeUs = 0 } = record;
  scene.server.edit({ ...record, stepDown: { holder, acquireTimeUs, ...changes } });
}

const writesOf = (replica: Replica) => replica.writes.length;

describe('a leader that is asked', () => {
  it('tells its work at once where it watches, and leads on', async () => {
    stepDown();
    await scene.clock.advance(1);
    expect(term.stepDown.aborted).toBe(true);
    expect(term.signal.reason).toBeInstanceOf(AskedToStepDown);
    expect(term.loss).toBeUndefined();
    expect(term.isTrusted()).toBe(true);
    const before = writesOf(a);
    await scene.clock.advance(60_000);
    expect(writesOf(a) - before).toBe(30);
    expect(a.told).toEqual(['elected', 'asked-to-step-down']);
  });

  it('is told by the conflict of its next renewal where it does not watch', async () => {
    const other = new Scene();
    const b = other.replica('b');
    const itsTerm = await b.lead();
    const { holder, acquireTimeUs = 0 } = other.server.record!;
    other.server.edit({ ...other.server.record!, stepDown: { holder, acquireTimeUs } });
    await other.clock.advance(1_900);
    expect(itsTerm.stepDown.aborted).toBe(false);
    await other.clock.advance(200);
    expect(itsTerm.stepDown.aborted).toBe(true);
    expect(itsTerm.isTrusted()).toBe(true);
  });

  it('by an event alone is not told: an answer decides', async () => {
    const record = scene.server.record!;
    const asked = { ...record, stepDown: { holder: 'a', acquireTimeUs: record.acquireTimeUs! } };
    post.show({ version: '9999', seen: { record: asked, version: '9999', origin: undefined } });
    await scene.clock.advance(2_100);
    expect(term.stepDown.aborted).toBe(false);
  });

  test.each([
    ['for another holder', { holder: 'b' }],
    ['for an earlier or later term of the same holder', { acquireTimeUs: 1_700_000_000_000_001 }],
  ])('%s goes on, and the request to step down goes', async (_, changes) => {
    stepDown(changes);
    await scene.clock.advance(2_100);
    expect(term.stepDown.aborted).toBe(false);
    expect(a.told).toEqual(['elected']);
    expect(scene.server.record).toMatchObject({ holder: 'a' });
    expect(scene.server.record?.stepDown).toBeUndefined();
  });

  it('in an earlier term leads on in this one', async () => {
    stepDown();
    const earlier = scene.server.record!.stepDown;
    await a.release();
    const campaign = a.campaign();
    await scene.clock.advance(16_000);
    expect(campaign.outcome?.kind).toBe('elected');
    scene.server.edit({ ...scene.server.record!, stepDown: earlier });
    await scene.clock.advance(4_000);
    expect(a.term?.stepDown.aborted).toBe(false);
  });
});

it('does not claim sooner where a hand has cleared its record before it released', async () => {
  stepDown();
  await scene.clock.advance(1);
  const timeUs = scene.server.record!.renewTimeUs! + 7;
  const cleared = {
    holder: '',
    leaseDurationMs: 1_000,
    acquireTimeUs: timeUs,
    renewTimeUs: timeUs,
  };
  scene.server.edit({ ...scene.server.record!, ...cleared });
  expect(await a.release()).toEqual({ kind: 'not-ours' });
  const campaign = a.campaign();
  await scene.clock.advance(14_900);
  expect(campaign.outcome).toBeUndefined();
  await scene.clock.advance(200);
  expect(campaign.outcome?.kind).toBe('elected');
});

describe('who has stepped down', () => {
  beforeEach(async () => {
    stepDown();
    await scene.clock.advance(1);
    await a.release();
  });

  it('leaves no request to step down behind', () => {
    expect(scene.server.record?.holder).toBe('');
    expect(scene.server.record?.stepDown).toBeUndefined();
  });

  it('does not claim for one lease duration, and then does', async () => {
    const campaign = a.campaign();
    await scene.clock.advance(14_900);
    expect(campaign.outcome).toBeUndefined();
    expect(scene.server.record?.holder).toBe('');
    await scene.clock.advance(200);
    expect(campaign.outcome?.kind).toBe('elected');
    expect(a.told.slice(-3)).toEqual(['release', 'standing-aside', 'elected']);
  });

  it('claims at once when another has led', async () => {
    const campaign = a.campaign();
    await scene.clock.advance(1_000);
    const b = scene.replica('b');
    await b.lead();
    await scene.clock.advance(1_000);
    await b.release();
    await scene.clock.advance(100);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('also where the other has led between two looks', async () => {
    post.isSilent = true;
    const b = scene.replica('b');
    await b.lead();
    await b.release();
    const campaign = a.campaign();
    await atRest();
    await scene.clock.advance(100);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('does not claim sooner because the object is gone, or has a new label', async () => {
    const campaign = a.campaign();
    scene.server.edit({ ...scene.server.record! });
    await scene.clock.advance(5_000);
    scene.server.edit(undefined);
    await scene.clock.advance(9_000);
    expect(campaign.outcome).toBeUndefined();
  });

  it('follows another like anybody', async () => {
    scene.server.edit(recordOf('b'));
    const campaign = a.campaign();
    await scene.clock.advance(14_000);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(1_100);
    expect(campaign.outcome?.kind).toBe('elected');
  });
});
