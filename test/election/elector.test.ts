import { beforeEach, describe, expect, it, test } from 'vitest';
import { Elector } from '../../src/election/elector.ts';
import { LockFault, type LeaderRecord } from '../../src/election/lock.ts';
import { defaultTiming } from '../../src/election/timing.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { recordOf, released, requestTimeoutMs, Scene } from './scene.ts';
import { gate } from './wire.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

describe('an elector', () => {
  it('refuses timings that cannot keep the promise', () => {
    const timing = { ...defaultTiming, renewDeadlineMs: 14_000 };
    expect(() => scene.replica('a', { timing })).toThrow(RangeError);
    expect(() => scene.replica('a', { timing })).toThrow(/no time to stop the command/);
  });

  it('refuses an empty identity: a record without a holder is free for everybody', () => {
    expect(() => scene.replica('')).toThrow(RangeError);
  });

  it('refuses a second campaign while its term goes on', async () => {
    const a = scene.replica('a');
    const term = await a.lead();
    const { signal } = new AbortController();
    const second = await a.elector.campaign({ signal }).catch((thrown: unknown) => thrown);
    expect(second).toBeInstanceOf(Error);
    expect(term.isTrusted()).toBe(true);
  });

  it('refuses a second campaign while the first one goes on', async () => {
    scene.server.edit(recordOf('b'));
    const a = scene.replica('a');
    a.campaign();
    await atRest();
    const { signal } = new AbortController();
    let second: unknown;
    a.elector.campaign({ signal }).catch((thrown: unknown) => (second = thrown));
    await atRest();
    expect(second).toBeInstanceOf(Error);
  });

  it('can do without a listener and a source of randomness', async () => {
    const elector = new Elector({
      lock: scene.server.handle(),
      clock: scene.clock,
      timing: defaultTiming,
      identity: 'a',
      requestTimeoutMs,
    });
    const { signal } = new AbortController();
    expect((await elector.campaign({ signal })).kind).toBe('elected');
  });
});

describe('an absent object', () => {
  it('is created: holder me, transitions 0', async () => {
    const term = await scene.replica('a').lead();
    expect(scene.server.record).toMatchObject({
      holder: 'a',
      leaseDurationMs: 15_000,
      transitions: 0,
    });
    expect(term.transitions).toBe(0);
    expect(term.isTrusted()).toBe(true);
  });

  it('is created by one of two creators at once, and the other follows', async () => {
    const [a, b] = [scene.replica('a'), scene.replica('b')];
    a.campaign();
    b.campaign();
    await scene.clock.advance(30_000);
    expect(scene.leading).toHaveLength(1);
    const loser = scene.leading[0] === 'a' ? b : a;
    expect(loser.told).toEqual(['standing-by']);
    expect(scene.server.record?.transitions).toBe(0);
  });

  it('is taken by a newcomer at once, whoever held it', async () => {
    scene.server.edit(recordOf('b'));
    scene.server.edit(undefined);
    await scene.replica('a').lead();
  });
});

describe('a free object is taken at once, with one more transition:', () => {
  test.each<[string, LeaderRecord]>([
    ['released', released],
    ['with an empty holder', recordOf('')],
    ['with an empty holder and no duration', recordOf('', { leaseDurationMs: undefined })],
    [
      'with nothing in it',
      {
        holder: '',
        leaseDurationMs: undefined,
        acquireTimeUs: undefined,
        renewTimeUs: undefined,
        transitions: 3,
      },
    ],
  ])('%s', async (_, record) => {
    scene.server.edit(record);
    const a = scene.replica('a');
    await a.lead();
    expect(scene.server.record).toMatchObject({ holder: 'a', transitions: 4 });
    expect(a.wire.calls.map(({ verb }) => verb)).toEqual(['read', 'write']);
  });
});

describe('what another holds (R1)', () => {
  /** When `a` was elected, having first looked at 1,000. */
  async function electedAt(withinMs: number): Promise<number | undefined> {
    const a = scene.replica('a');
    const campaign = a.campaign();
    let at: number | undefined;
    void campaign.ended.then(() => (at = scene.clock.now()));
    await scene.clock.advance(withinMs);
    await atRest();
    return at;
  }

  it.each([
    ['longer than ours', 40_000],
    ['shorter than ours', 4_000],
  ])('is left for the record’s duration, %s', async (_, leaseDurationMs) => {
    scene.server.edit(recordOf('b', { leaseDurationMs }));
    expect(await electedAt(60_000)).toBe(1_000 + leaseDurationMs);
  });

  it('is left for our duration when the record does not say', async () => {
    scene.server.edit(recordOf('b', { leaseDurationMs: undefined }));
    expect(await electedAt(60_000)).toBe(16_000);
  });

  it.each([
    ['long ago', 1],
    ['in the future', 4_000_000_000_000_000],
    ['never', undefined],
  ])('is left as long when it says it was renewed %s', async (_, renewTimeUs) => {
    scene.server.edit(recordOf('b', { renewTimeUs }));
    expect(await electedAt(60_000)).toBe(16_000);
  });

  it('is left from when we saw it, not from when we asked', async () => {
    scene.server.edit(recordOf('b'));
    const a = scene.replica('a');
    a.wire.once('read', { there: 100, back: 1_400 });
    a.campaign();
    await scene.clock.advance(16_499);
    expect(a.writes).toHaveLength(0);
    await scene.clock.advance(1);
    expect(scene.leading).toEqual(['a']);
  });

  it('is left again in full after any new version, even one with an older renewTime', async () => {
    scene.server.edit(recordOf('b'));
    const a = scene.replica('a');
    a.campaign();
    await scene.clock.advance(14_000);
    scene.server.edit(recordOf('b', { renewTimeUs: 1 }));
    await scene.clock.advance(1_900);
    const seenAtMs = a.reads.at(-1)?.atMs ?? 0;
    await scene.clock.advance(seenAtMs + 15_000 - scene.clock.now() - 1);
    expect(scene.leading).toEqual([]);
    await scene.clock.advance(1);
    expect(scene.leading).toEqual(['a']);
  });

  it('is not taken on a version older than the latest, whatever our alarm says (R2)', async () => {
    scene.server.edit(recordOf('b'));
    const a = scene.replica('a');
    a.campaign();
    await scene.clock.advance(14_990);
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(20);
    expect(a.writes).toHaveLength(1);
    expect(scene.server.record?.holder).toBe('b');
    await scene.clock.advance(14_000);
    expect(scene.leading).toEqual([]);
  });

  it('costs one write and no read to claim (R2)', async () => {
    scene.server.edit(recordOf('b'));
    const a = scene.replica('a');
    a.campaign();
    await scene.clock.advance(15_000);
    const claim = a.wire.calls.find(({ verb }) => verb === 'write');
    expect(claim).toMatchObject({ atMs: 16_000, basis: { version: '101' } });
    expect(a.reads).not.toEqual([]);
    expect(a.reads.filter(({ atMs }) => atMs >= 16_000)).toEqual([]);
  });

  it('is taken at once when it is released', async () => {
    scene.server.edit(recordOf('b'));
    const a = scene.replica('a', { random: () => 0 });
    a.campaign();
    await scene.clock.advance(5_000);
    scene.server.edit(released);
    await scene.clock.advance(999);
    expect(scene.leading).toEqual([]);
    await scene.clock.advance(1);
    expect(scene.leading).toEqual(['a']);
  });

  it('may be claimed although the server no longer answers our reads', async () => {
    scene.server.edit(recordOf('b'));
    const a = scene.replica('a');
    a.campaign();
    await atRest();
    const overload = new LockFault('unreachable', 'overload', { retryAfterMs: 30_000 });
    a.wire.rule = ({ verb }) => (verb === 'read' ? { there: overload } : undefined);
    await scene.clock.advance(15_000);
    expect(scene.leading).toEqual(['a']);
  });
});

describe('a deadline that a candidate has seen (R3)', () => {
  test.each<[string, LeaderRecord | undefined]>([
    ['a deletion', undefined],
    ['an emptied holder', recordOf('')],
    ['an emptied holder without a duration', recordOf('', { leaseDurationMs: undefined })],
    ['a shortened duration', recordOf('b', { leaseDurationMs: 1_000 })],
  ])('is kept despite %s, also by a renewal that it has not seen', async (_, record) => {
    scene.server.edit(recordOf('b'));
    scene.replica('a').campaign();
    await scene.clock.advance(3_000);
    scene.server.edit(record);
    await scene.clock.advance(14_999);
    expect(scene.leading).toEqual([]);
    // It looks every 2 to 2.4 s.
    await scene.clock.advance(2_401);
    expect(scene.leading).toEqual(['a']);
  });

  test.each<[string, LeaderRecord | undefined]>([
    ['a deletion', undefined],
    ['an emptied holder', recordOf('')],
  ])('is kept despite %s by a second campaign of the same elector', async (_, record) => {
    scene.server.edit(recordOf('b'));
    const a = scene.replica('a');
    const first = a.campaign();
    await scene.clock.advance(3_000);
    first.abort();
    await first.ended;
    scene.server.edit(record);
    a.campaign();
    await scene.clock.advance(14_999);
    expect(scene.leading).toEqual([]);
    await scene.clock.advance(1);
    expect(scene.leading).toEqual(['a']);
  });

  it('is kept when a term of our own ended because of the holder we now see gone', async () => {
    const a = scene.replica('a');
    const term = await a.lead();
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(2_000);
    expect(term.loss).toEqual({ kind: 'usurped', holder: 'b' });
    await a.release();
    // b was seen at 3,000 and may lead until 18,000, although somebody takes its record away.
    scene.server.edit(undefined);
    a.campaign();
    await scene.clock.advance(14_900);
    expect(scene.leading).toEqual([]);
    await scene.clock.advance(100);
    expect(scene.leading).toEqual(['a']);
  });

  it('is kept when only our own release has seen the holder', async () => {
    const a = scene.replica('a');
    const term = await a.lead();
    a.wire.cut();
    await scene.clock.advance(10_000);
    expect(term.loss).toEqual({ kind: 'expired' });
    scene.server.edit(recordOf('b'));
    a.wire.heal();
    const released = a.release();
    await scene.clock.advance(5_000);
    expect(await released).toEqual({ kind: 'not-ours' });
    scene.server.edit(undefined);
    a.campaign();
    await scene.clock.advance(14_900);
    expect(scene.leading).toEqual([]);
    await scene.clock.advance(200);
    expect(scene.leading).toEqual(['a']);
  });

  it('does not end when a create of ours that was given up lands after a deletion', async () => {
    // 1. a creates, the request is delayed by 20 s; a gives up and looks again.
    // 2. b creates and leads; a sees that. 3. Somebody deletes the object. 4. a's create arrives.
    const a = scene.replica('a', { random: () => 0 });
    const b = scene.replica('b', { random: () => 0 });
    a.wire.once('write', { there: 20_000 });
    a.wire.once('write', { there: 'never' });
    a.campaign();
    await scene.clock.advance(1_000);
    const term = await b.lead();
    await scene.clock.advance(18_500);
    expect(a.reads.at(-1)?.atMs).toBeGreaterThan(b.writes.at(-1)?.atMs ?? Infinity);
    b.wire.cut();
    await scene.clock.advance(400);
    scene.server.edit(undefined);
    expect(await scene.mostLeadingDuring(20_000)).toBe(1);
    expect(term.loss).toEqual({ kind: 'expired' });
  });

  it('means nothing to a newcomer, who takes what is free', async () => {
    scene.server.edit(recordOf('b'));
    scene.replica('a').campaign();
    await scene.clock.advance(3_000);
    scene.server.edit(undefined);
    await scene.replica('c').lead();
  });
});

describe('our own identity in the record at the start (R7)', () => {
  it('is a stranger’s: its duration is waited for', async () => {
    scene.server.edit(recordOf('a'));
    const a = scene.replica('a');
    a.campaign();
    await scene.clock.advance(14_999);
    expect(a.writes).toHaveLength(0);
    expect(a.told).toEqual(['standing-by']);
    await scene.clock.advance(1);
    expect(scene.server.record).toMatchObject({ holder: 'a', transitions: 4 });
  });
});

describe('an answer that is lost', () => {
  it('to the creation: the second sending meets the first, and a fresh write begins the term', async () => {
    const a = scene.replica('a');
    a.wire.once('write', { back: 'never' });
    a.campaign();
    await scene.clock.advance(2_100);
    expect(a.term?.isTrusted()).toBe(true);
    expect(a.wire.calls.map(({ verb }) => verb)).toEqual([
      'read',
      'write',
      'write',
      'read',
      'write',
    ]);
    const freshlySentAtMs = a.writes.at(-1)?.record?.renewTimeUs;
    expect(scene.server.record?.renewTimeUs).toBe(freshlySentAtMs);
    expect(scene.server.record?.transitions).toBe(0);
    expect(a.term?.remainingMs()).toBe(
      14_000 - (scene.clock.now() - (a.wire.calls.at(-1)?.atMs ?? 0)),
    );
  });

  it('to a claim, with a fault: we look before we write again', async () => {
    scene.server.edit(released);
    const a = scene.replica('a', { random: () => 0 });
    a.wire.once('write', { back: new LockFault('unreachable', 'reset') });
    a.campaign();
    await scene.clock.advance(100);
    expect(a.term?.isTrusted()).toBe(true);
    expect(a.wire.calls.map(({ verb }) => verb)).toEqual(['read', 'write', 'read', 'write']);
    expect(scene.server.record?.transitions).toBe(4);
  });

  it('and the write lands after we gave it up: nothing changes but the version', async () => {
    const a = scene.replica('a');
    a.wire.once('write', { there: 9_000 });
    a.wire.once('write', { there: 'never' });
    a.campaign();
    await scene.clock.advance(60_000);
    expect(a.told.filter((type) => type === 'elected')).toHaveLength(1);
    expect(a.term?.isTrusted()).toBe(true);
    expect(scene.server.record?.holder).toBe('a');
  });
});

describe('a claim that is answered (R4)', () => {
  const slow = { requestTimeoutMs: 30_000 };

  it('in time counts from its sending', async () => {
    const a = scene.replica('a', slow);
    a.wire.once('write', { back: 9_999 });
    a.wire.once('write', { there: 'never' });
    const campaign = a.campaign();
    await atRest();
    a.wire.cut();
    await scene.clock.advance(9_999);
    expect(campaign.outcome?.kind).toBe('elected');
    expect(a.term?.remainingMs()).toBe(14_000 - 9_999);
  });

  it('too late to start anything is written afresh before the term begins', async () => {
    const a = scene.replica('a', slow);
    a.wire.once('write', { back: 10_000 });
    a.wire.once('write', { there: 'never' });
    a.campaign();
    await scene.clock.advance(10_000);
    expect(a.writes).toHaveLength(3);
    expect(a.writes[2]?.basis?.record).toEqual(a.writes[0]?.record);
    expect(a.term?.isTrusted()).toBe(true);
    expect(a.term?.remainingMs()).toBe(14_000);
    expect(a.term?.fencingToken).toBe('102');
    expect(a.told).toEqual(['elected']);
  });

  it('after the machine slept is written afresh as well', async () => {
    const a = scene.replica('a', slow);
    const answer = gate();
    a.wire.once('write', { back: answer.opened });
    const campaign = a.campaign();
    await atRest();
    scene.clock.suspend(60_000);
    answer.open();
    await atRest();
    expect(campaign.outcome?.kind).toBe('elected');
    expect(a.writes).toHaveLength(2);
    expect(a.term?.isTrusted()).toBe(true);
  });

  it('after the machine slept while another took over is no term', async () => {
    const a = scene.replica('a', slow);
    const answer = gate();
    a.wire.once('write', { back: answer.opened });
    const campaign = a.campaign();
    await atRest();
    scene.clock.suspend(60_000);
    scene.server.edit(recordOf('b'));
    answer.open();
    await scene.clock.advance(1_000);
    expect(campaign.outcome).toBeUndefined();
    expect(a.told).toEqual(['standing-by']);
  });
});

describe('the fencing token', () => {
  it('is the version of the write that won, and grows with every term, also across deletion', async () => {
    const a = scene.replica('a');
    const tokens: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      const term = await a.lead();
      expect(term.fencingToken).toBe(scene.server.current?.version);
      tokens.push(Number(term.fencingToken));
      await a.release();
      scene.server.edit(undefined);
    }
    expect(tokens).toEqual([...tokens].sort((x, y) => x - y));
    expect(new Set(tokens).size).toBe(3);
  });
});

describe('the wall clock (R12)', () => {
  it.each([3_600_000, -3_600_000])('moved by %i ms has no effect on a candidate', async (ms) => {
    scene.server.edit(recordOf('b'));
    scene.replica('a').campaign();
    await scene.clock.advance(5_000);
    scene.clock.stepWall(ms);
    await scene.clock.advance(9_999);
    expect(scene.leading).toEqual([]);
    await scene.clock.advance(1);
    expect(scene.leading).toEqual(['a']);
  });
});

describe('many candidates', () => {
  it('that wake on one release: one wins, the others lose one race each and stand by', async () => {
    const leader = scene.replica('leader');
    await leader.lead();
    const others = Array.from({ length: 30 }, (_, i) => scene.replica(`r${String(i)}`));
    for (const other of others) other.campaign();
    await scene.clock.advance(10_000);
    await leader.release();
    expect(await scene.mostLeadingDuring(10_000)).toBe(1);
    for (const { writes, term } of others) if (!term) expect(writes.length).toBeLessThanOrEqual(1);
  });
});

test('two candidates with one elector each: one leads, hands over, the other leads', async () => {
  const [a, b] = [scene.replica('a'), scene.replica('b')];
  await a.lead();
  b.campaign();
  await scene.clock.advance(60_000);
  expect(scene.leading).toEqual(['a']);
  await a.release();
  expect(await scene.mostLeadingDuring(2_500)).toBe(1);
  expect(scene.leading).toEqual(['b']);
  expect(scene.server.record?.transitions).toBe(1);
});
