import { beforeEach, describe, expect, it, test } from 'vitest';
import { LockFault } from '../../src/election/lock.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { recordOf, released, requestTimeoutMs, Scene, type Campaign } from './scene.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

const denied = new LockFault('denied', 'forbidden', { hint: 'grant it' });
const reset = new LockFault('unreachable', 'reset');
const unusable = new LockFault('unsupported', 'coordinated election');

/** When the campaign ended, if it ended within `ms`. */
async function endOf(campaign: Campaign, ms: number): Promise<number | undefined> {
  let endedAtMs: number | undefined;
  void campaign.ended.then(() => (endedAtMs = scene.clock.now()));
  await scene.clock.advance(ms);
  await atRest();
  return endedAtMs;
}

/** Held by b, which renewed `agoMs` ago by the wall clock. */
function heldSince(agoMs: number): void {
  scene.server.edit(recordOf('b', { renewTimeUs: (scene.clock.wall() - agoMs) * 1_000 }));
}

describe('one that tries', () => {
  it('leads at once when the lock is free', async () => {
    const campaign = scene.replica('a').campaign({ kind: 'try' });
    await atRest();
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('gives up at once, after one read, when the holder looks alive by its own renewTime', async () => {
    heldSince(14_000);
    const a = scene.replica('a');
    const campaign = a.campaign({ kind: 'try' });
    await atRest();
    expect(campaign.outcome).toEqual({ kind: 'held', holder: 'b' });
    expect(a.wire.calls).toHaveLength(1);
  });

  it('watches a holder that looks dead for the record’s duration, then claims', async () => {
    heldSince(15_000);
    const a = scene.replica('a');
    const campaign = a.campaign({ kind: 'try' });
    await scene.clock.advance(14_999);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(1);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('does not claim what looks dead by a wall clock that is wrong by a day', async () => {
    heldSince(86_400_000);
    const a = scene.replica('a');
    a.campaign({ kind: 'try' });
    await scene.clock.advance(14_999);
    expect(a.writes).toHaveLength(0);
  });

  it('gives up when the holder that looked dead renews', async () => {
    heldSince(3_600_000);
    const campaign = scene.replica('a').campaign({ kind: 'try' });
    await scene.clock.advance(5_000);
    expect(campaign.outcome).toBeUndefined();
    heldSince(3_600_000);
    await scene.clock.advance(2_400);
    expect(campaign.outcome).toEqual({ kind: 'held', holder: 'b' });
  });

  it('still watches a holder that looks dead when its first look had failed', async () => {
    heldSince(3_600_000);
    const a = scene.replica('a');
    a.wire.once('read', { there: reset });
    const campaign = a.campaign({ kind: 'try' });
    await scene.clock.advance(1_000);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(15_000);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('gives up when somebody else was faster', async () => {
    const [a, b] = [scene.replica('a'), scene.replica('b')];
    const campaigns = [a.campaign({ kind: 'try' }), b.campaign({ kind: 'try' })];
    await scene.clock.advance(100);
    expect(campaigns.map(({ outcome }) => outcome?.kind).sort()).toEqual(['elected', 'held']);
  });

  it('takes what is released while it watches', async () => {
    heldSince(3_600_000);
    const campaign = scene.replica('a').campaign({ kind: 'try' });
    await scene.clock.advance(1_000);
    scene.server.edit(released);
    await scene.clock.advance(2_000);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('gives up at once when it is forbidden', async () => {
    const a = scene.replica('a');
    a.wire.rule = () => ({ there: denied });
    const campaign = a.campaign({ kind: 'try' });
    await atRest();
    expect(campaign.outcome).toEqual({ kind: 'unavailable', fault: denied });
  });

  it('gives up at once when writing is forbidden', async () => {
    const a = scene.replica('a');
    a.wire.rule = ({ verb }) => (verb === 'write' ? { there: denied } : undefined);
    const campaign = a.campaign({ kind: 'try' });
    await atRest();
    expect(campaign.outcome).toEqual({ kind: 'unavailable', fault: denied });
  });

  it('puts up with a passing fault', async () => {
    const a = scene.replica('a');
    a.wire.once('read', { there: reset });
    a.wire.once('read', { there: reset });
    const campaign = a.campaign({ kind: 'try' });
    await scene.clock.advance(1_000);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('gives up after the request timeout when the lock stays out of reach', async () => {
    const a = scene.replica('a');
    a.wire.rule = () => ({ there: reset });
    const campaign = a.campaign({ kind: 'try' });
    const endedAtMs = await endOf(campaign, 60_000);
    expect(campaign.outcome).toEqual({ kind: 'unavailable', fault: reset });
    expect(endedAtMs).toBeGreaterThanOrEqual(1_000 + requestTimeoutMs);
    expect(endedAtMs).toBeLessThanOrEqual(1_000 + requestTimeoutMs + 2_400);
  });

  it('gives up after the request timeout even when the server asks it to come back later', async () => {
    const a = scene.replica('a');
    const busy = new LockFault('unreachable', 'busy', { retryAfterMs: 120_000 });
    a.wire.rule = () => ({ there: busy });
    expect(await endOf(a.campaign({ kind: 'try' }), 300_000)).toBe(1_000 + requestTimeoutMs);
  });

  it('gives up within twice the request timeout and a pause when nobody ever answers', async () => {
    const a = scene.replica('a');
    a.wire.cut();
    const campaign = a.campaign({ kind: 'try' });
    const endedAtMs = await endOf(campaign, 60_000);
    expect(campaign.outcome?.kind).toBe('unavailable');
    expect(endedAtMs).toBeLessThanOrEqual(1_000 + 2 * requestTimeoutMs + 2_400);
  });
});

describe('one that waits', () => {
  it('longer than the holder lasts is elected', async () => {
    scene.server.edit(recordOf('b'));
    const campaign = scene.replica('a').campaign({ kind: 'wait', waitMs: 15_001 });
    await scene.clock.advance(15_000);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('shorter gives up exactly then, and names the holder', async () => {
    scene.server.edit(recordOf('b'));
    const a = scene.replica('a');
    const campaign = a.campaign({ kind: 'wait', waitMs: 5_500 });
    expect(await endOf(campaign, 60_000)).toBe(6_500);
    expect(campaign.outcome).toEqual({ kind: 'held', holder: 'b' });
    expect(a.writes).toHaveLength(0);
  });

  it('does not mind that the holder looks alive', async () => {
    heldSince(0);
    const campaign = scene.replica('a').campaign({ kind: 'wait', waitMs: 20_000 });
    await scene.clock.advance(15_000);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('reports what kept it from the lock', async () => {
    const a = scene.replica('a');
    a.wire.rule = () => ({ there: denied });
    const campaign = a.campaign({ kind: 'wait', waitMs: 5_000 });
    expect(await endOf(campaign, 60_000)).toBe(6_000);
    expect(campaign.outcome).toEqual({ kind: 'unavailable', fault: denied });
  });

  it('ends in time, as out of reach, although a request of it is never answered', async () => {
    const a = scene.replica('a');
    a.wire.cut();
    const campaign = a.campaign({ kind: 'wait', waitMs: 2_000 });
    const endedAtMs = await endOf(campaign, 60_000);
    expect(endedAtMs).toBeLessThanOrEqual(3_000 + 1_000);
    expect(campaign.outcome?.kind).toBe('unavailable');
  });

  it('ends in time although the server asks it to come back later', async () => {
    const a = scene.replica('a');
    const busy = new LockFault('unreachable', 'busy', { retryAfterMs: 120_000 });
    a.wire.rule = () => ({ there: busy });
    expect(await endOf(a.campaign({ kind: 'wait', waitMs: 7_000 }), 300_000)).toBe(8_000);
  });
});

describe('one that stands for ever', () => {
  test.each([
    ['forbidden', denied],
    ['out of reach', reset],
  ])('is still there after ten minutes of being %s, and leads when that ends', async (_, fault) => {
    const a = scene.replica('a');
    a.wire.rule = () => ({ there: fault });
    const campaign = a.campaign();
    await scene.clock.advance(600_000);
    expect(campaign.outcome).toBeUndefined();
    expect(a.told).toEqual(['out-of-reach']);
    a.wire.heal();
    await scene.clock.advance(2_400);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  it('asks no more than once per retry period while the lock is unreachable', async () => {
    const a = scene.replica('a');
    a.wire.rule = () => ({ there: reset });
    a.campaign();
    await scene.clock.advance(600_000);
    expect(a.wire.calls.length).toBeLessThanOrEqual(300 + 6);
  });

  it('stays away as long as the server asks', async () => {
    const a = scene.replica('a', { random: () => 0 });
    a.wire.once('read', { there: new LockFault('unreachable', 'busy', { retryAfterMs: 7_000 }) });
    a.campaign();
    await scene.clock.advance(6_999);
    expect(a.wire.calls).toHaveLength(1);
    await scene.clock.advance(1);
    expect(a.term?.isTrusted()).toBe(true);
  });
});

describe('an object that cannot be used for an election', () => {
  test.each(['forever', 'try'] as const)('ends a campaign at once: %s', async (kind) => {
    const a = scene.replica('a');
    a.wire.once('read', { there: unusable });
    const campaign = a.campaign({ kind });
    await atRest();
    expect(campaign.outcome).toEqual({ kind: 'unavailable', fault: unusable });
  });

  it('ends it as well when only the write tells', async () => {
    const a = scene.replica('a');
    a.wire.once('write', { there: unusable });
    const campaign = a.campaign();
    await scene.clock.advance(1_000);
    expect(campaign.outcome).toEqual({ kind: 'unavailable', fault: unusable });
  });
});
