/** R15: a certified death ends the promise of the dead, and no other. */
import { describe, expect, test } from 'vitest';
import type { Death, Deaths } from '../../src/election/death.ts';
import { homeIn, withoutDead } from '../../src/election/death.ts';
import type { Home, LeaderRecord, Versioned } from '../../src/election/lock.ts';
import { claimableAtMs, observe, type Observation } from '../../src/election/observation.ts';
import { recordAfter } from '../../src/election/record.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { recordOf, released, Scene } from './scene.ts';

function homeOf({ holder, acquireTimeUs = 0 }: LeaderRecord, mark = holder): Home {
  return { holder, acquireTimeUs, facts: { mark } };
}

function living(holder: string, changes: Partial<LeaderRecord> = {}): LeaderRecord {
  const record = recordOf(holder, changes);
  return { ...record, home: homeOf(record) };
}

function seenAs(record: LeaderRecord, version: string, more: Partial<Versioned> = {}): Versioned {
  return { record, version, origin: undefined, ...more };
}

/** What a candidate remembers after these sights, one a second. */
function after(...sights: readonly (Versioned | undefined)[]): Observation {
  let observation: Observation | undefined;
  sights.forEach((seen, second) => {
    const sight = { seen, nowMs: second * 1_000, isOurs: false, assumedDurationMs: 15_000 };
    observation = observe(observation, sight);
  });
  return observation!;
}

const a = living('a');
const b = living('b', { acquireTimeUs: 1_700_000_001_000_000, transitions: 4 });

describe('what is left of the promises (R15)', () => {
  test('nothing, when the holder alone has promised anything', () => {
    const observation = withoutDead(after(seenAs(a, '1')), a.home);
    expect(claimableAtMs(observation)).toBe(-Infinity);
  });

  test('a renewal of the dead that lands late changes nothing', () => {
    const late = { ...a, renewTimeUs: 1_700_000_002_000_000 };
    const observation = withoutDead(after(seenAs(a, '1'), seenAs(late, '2')), a.home);
    expect(claimableAtMs(observation)).toBe(-Infinity);
  });

  test('what an earlier holder was promised, if nobody saw its release (R3)', () => {
    const observation = withoutDead(after(seenAs(a, '1'), seenAs(b, '2')), b.home);
    expect(claimableAtMs(observation)).toBe(1_000 + 15_000);
  });

  test('nothing of a holder that released before the dead one claimed', () => {
    const sights = [seenAs(a, '1'), seenAs({ ...released, transitions: 3 }, '2'), seenAs(b, '3')];
    expect(claimableAtMs(withoutDead(after(...sights), b.home))).toBe(-Infinity);
  });

  test('nothing of a holder that was certified to be dead before', () => {
    const buried = withoutDead(after(seenAs(a, '1')), a.home);
    const sight = { seen: seenAs(b, '2'), nowMs: 9, isOurs: false, assumedDurationMs: 15_000 };
    expect(claimableAtMs(withoutDead(observe(buried, sight), b.home))).toBe(-Infinity);
  });

  test('a promise whose record was taken away by force (R3)', () => {
    const sights = [seenAs(a, '1'), undefined, seenAs(b, '3')];
    expect(claimableAtMs(withoutDead(after(...sights), b.home))).toBe(2_000 + 15_000);
  });

  test('a promise that was broken by force, whoever has released since (R3)', () => {
    const sights = [seenAs(a, '1'), undefined, seenAs(released, '3'), seenAs(b, '4')];
    expect(claimableAtMs(withoutDead(after(...sights), b.home))).toBe(2_000 + 15_000);
  });

  test.each<[string, Home | undefined]>([
    ['another term', { ...a.home!, acquireTimeUs: 1 }],
    ['another identity', { ...a.home!, holder: 'z' }],
    ['another process of the same identity', { ...a.home!, facts: { mark: 'twin' } }],
    ['nobody', undefined],
  ])('everything, when the dead is %s', (_, dead) => {
    const observation = after(seenAs(a, '1'));
    expect(withoutDead(observation, dead)).toBe(observation);
  });

  test.each<[string, Versioned]>([
    ['a record without a home', seenAs(recordOf('a'), '1')],
    ['a home of another term', seenAs({ ...a, home: b.home }, '1')],
    ['half a write', seenAs(a, '1+2', { isTorn: true })],
  ])('everything, by %s', (_, seen) => {
    expect(homeIn(seen)).toBeUndefined();
    const observation = after(seen);
    expect(withoutDead(observation, a.home)).toBe(observation);
  });
});

describe('the home of a term', () => {
  test('survives the renewals of its term', () => {
    expect(recordAfter({ ...recordOf('a'), renewTimeUs: 5 }, a).home).toEqual(a.home);
  });

  test.each([
    ['another holder', recordOf('b')],
    ['another term', recordOf('a', { acquireTimeUs: 5 })],
    ['a release', released],
  ])('does not survive %s', (_, record) => {
    expect(recordAfter(record, a)).not.toHaveProperty('home');
  });
});

/** A port in the hands of the test. */
class Registry implements Deaths {
  readonly followed: string[] = [];
  readonly #homes = new Map<string, Home>();
  readonly #asked = new Map<string, PromiseWithResolvers<Death | undefined>>();

  untilCertified(home: Home, signal: AbortSignal): Promise<Death | undefined> {
    const { mark = '' } = home.facts;
    this.followed.push(mark);
    const answer = Promise.withResolvers<Death | undefined>();
    this.#asked.set(mark, answer);
    this.#homes.set(mark, home);
    signal.addEventListener('abort', () => this.followed.push(`not ${mark}`));
    return answer.promise;
  }

  answer(mark: string, isDead: boolean, atUs?: number): void {
    const home = this.#homes.get(mark);
    this.#asked.get(mark)?.resolve(isDead && home ? { home, atUs } : undefined);
  }
}

describe('a candidate (R15)', () => {
  function standby() {
    const scene = new Scene();
    const deaths = new Registry();
    scene.server.edit(a);
    const replica = scene.replica('c', { deaths });
    const campaign = replica.campaign();
    return { scene, deaths, replica, campaign };
  }

  test('claims on the version that it knows once the holder is certified to be dead', async () => {
    const { scene, deaths, replica, campaign } = standby();
    await scene.clock.advance(1_000);
    const reads = replica.reads.length;
    deaths.answer('a', true);
    await scene.clock.advance(50);
    expect(campaign.outcome?.kind).toBe('elected');
    expect(replica.reads).toHaveLength(reads);
    expect(scene.server.record).toMatchObject({ holder: 'c', transitions: 4 });
    expect(replica.told).toEqual(['standing-by', 'holder-dead', 'elected']);
  });

  test.each([1_700_000_003_000_000, undefined])(
    'notes in the history that the holder has died, at %s, and not when its lease would have ended',
    async (atUs) => {
      const { scene, deaths, campaign } = standby();
      await scene.clock.advance(1_000);
      deaths.answer('a', true, atUs);
      await scene.clock.advance(50);
      expect(campaign.outcome?.kind).toBe('elected');
      const { holder, acquireTimeUs } = a;
      const past = { holder, acquireTimeUs, untilUs: atUs, ended: 'died' };
      expect(scene.server.record?.history).toEqual([past]);
    },
  );

  test('notes of another, whose lease has run out, that it has expired', async () => {
    const { scene, deaths, campaign } = standby();
    await scene.clock.advance(1_000);
    deaths.answer('a', true, 1_700_000_003_000_000);
    scene.server.edit(b);
    await scene.clock.advance(17_000);
    expect(campaign.outcome?.kind).toBe('elected');
    expect(scene.server.record?.history).toMatchObject([{ holder: 'b', ended: 'expired' }]);
  });

  test('with no patience gives up, as somebody seems to lead', async () => {
    const { scene, deaths } = standby();
    scene.server.edit({ ...a, renewTimeUs: scene.clock.wall() * 1_000 });
    const hasty = scene.replica('d', { deaths }).campaign({ kind: 'try' });
    await atRest();
    expect(hasty.outcome?.kind).toBe('held');
  });

  test('with patience for less than a lease hears of the death in time', async () => {
    const { scene, deaths, campaign } = standby();
    campaign.abort();
    const patient = scene.replica('d', { deaths }).campaign({ kind: 'wait', waitMs: 5_000 });
    await scene.clock.advance(1_000);
    deaths.answer('a', true);
    await scene.clock.advance(50);
    expect(patient.outcome?.kind).toBe('elected');
  });

  test('waits out the lease when nobody can tell', async () => {
    const { scene, deaths, campaign } = standby();
    await scene.clock.advance(1_000);
    deaths.answer('a', false);
    await scene.clock.advance(13_900);
    expect(campaign.outcome).toBeUndefined();
    await scene.clock.advance(300);
    expect(campaign.outcome?.kind).toBe('elected');
  });

  test('follows whoever holds the lock by now, and nobody when its campaign is over', async () => {
    const { scene, deaths, campaign } = standby();
    await scene.clock.advance(1_000);
    scene.server.edit({ ...a, renewTimeUs: 1 });
    await scene.clock.advance(3_000);
    scene.server.edit(b);
    await scene.clock.advance(3_000);
    campaign.abort();
    await atRest();
    expect(deaths.followed).toEqual(['a', 'not a', 'b', 'not b']);
  });

  test('does not claim from another who was certified to be dead too late', async () => {
    const { scene, deaths, campaign } = standby();
    await scene.clock.advance(1_000);
    scene.server.edit(b);
    await scene.clock.advance(3_000);
    deaths.answer('a', true);
    await scene.clock.advance(5_000);
    expect(campaign.outcome).toBeUndefined();
    expect(scene.server.record?.holder).toBe('b');
  });

  test('looks afresh when the dead has renewed meanwhile, and then claims', async () => {
    const { scene, deaths, campaign } = standby();
    await scene.clock.advance(1_000);
    scene.server.edit({ ...a, renewTimeUs: 1 });
    deaths.answer('a', true);
    await scene.clock.advance(200);
    expect(campaign.outcome?.kind).toBe('elected');
    expect(scene.server.record?.holder).toBe('c');
  });
});
