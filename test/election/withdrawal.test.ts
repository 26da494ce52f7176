import { beforeEach, describe, expect, it, test } from 'vitest';
import { LockFault, type Lock } from '../../src/election/lock.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { recordOf, released, Scene, type Campaign } from './scene.ts';
import { gate } from './wire.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

/** Aborts, and moves the clock until the campaign has ended: how long did that take? */
async function timeToEnd(campaign: Campaign): Promise<number> {
  const abortedAtMs = scene.clock.now();
  campaign.abort();
  for (let ms = 0; ms <= 60_000; ms += 10) {
    await atRest();
    if (campaign.outcome) return scene.clock.now() - abortedAtMs;
    await scene.clock.advance(10);
  }
  throw new Error('the campaign goes on');
}

describe('a campaign that is aborted ends within a second, the lock not left held,', () => {
  it('before it began, without a request', async () => {
    const a = scene.replica('a');
    const outcome = await a.elector.campaign({ signal: AbortSignal.abort() });
    expect(outcome).toEqual({ kind: 'aborted' });
    expect(a.wire.calls).toHaveLength(0);
  });

  it('while it reads', async () => {
    const a = scene.replica('a');
    a.wire.cut();
    const campaign = a.campaign();
    await scene.clock.advance(1_000);
    expect(await timeToEnd(campaign)).toBe(0);
    expect(campaign.outcome).toEqual({ kind: 'aborted' });
    expect(scene.clock.sleepers).toBe(0);
  });

  it('while it sleeps', async () => {
    scene.server.edit(recordOf('b'));
    const a = scene.replica('a');
    const campaign = a.campaign();
    await scene.clock.advance(1_000);
    expect(await timeToEnd(campaign)).toBe(0);
    expect(scene.server.record?.holder).toBe('b');
    expect(scene.clock.sleepers).toBe(0);
  });

  it('while a claim is on its way there', async () => {
    const a = scene.replica('a');
    a.wire.once('write', { there: 300 });
    const campaign = a.campaign();
    await scene.clock.advance(100);
    expect(await timeToEnd(campaign)).toBeLessThan(1_000);
    expect(scene.server.record?.holder).toBe('');
    await scene.clock.advance(60_000);
    expect(scene.server.record?.holder).toBe('');
    expect(scene.clock.sleepers).toBe(0);
  });

  it('while the answer to an applied claim is on its way back', async () => {
    const a = scene.replica('a');
    a.wire.once('write', { back: 300 });
    const campaign = a.campaign();
    await scene.clock.advance(100);
    expect(scene.server.record?.holder).toBe('a');
    expect(await timeToEnd(campaign)).toBeLessThan(1_000);
    expect(campaign.outcome).toEqual({ kind: 'aborted' });
    expect(scene.server.record?.holder).toBe('');
  });

  it.each(['abort', 'answer'] as const)('when both come at once, the %s first', async (first) => {
    const a = scene.replica('a');
    const answer = gate();
    a.wire.once('write', { back: answer.opened });
    const campaign = a.campaign();
    await scene.clock.advance(100);
    if (first === 'answer') answer.open();
    campaign.abort();
    if (first === 'abort') answer.open();
    await scene.clock.advance(1_000);
    expect(campaign.outcome).toEqual({ kind: 'aborted' });
    expect(scene.server.record?.holder).toBe('');
    expect(scene.clock.sleepers).toBe(0);
  });

  it('however little after the answer to its claim the abort comes', async () => {
    for (let microtasks = 0; microtasks < 60; microtasks += 1) {
      const { server } = (scene = new Scene());
      const good = server.handle();
      const due: string[] = [];
      const abortLater = async () => {
        for (let i = 0; i < microtasks; i += 1) await Promise.resolve();
        due.push(a.told.includes('elected') ? 'elected' : 'aborted');
        campaign.abort();
      };
      const lock: Lock = {
        read: good.read,
        write: async (record, basis, options) => {
          const result = await good.write(record, basis, options);
          if (record.holder !== '') void abortLater();
          return result;
        },
      };
      const a = scene.replica('a', { lock });
      const campaign = a.campaign();
      await scene.clock.advance(1_000);
      expect(campaign.outcome?.kind).toBe(due[0]);
      if (due[0] === 'aborted') expect(server.record?.holder).toBe('');
    }
  });

  it('after the answer to an applied claim was lost', async () => {
    const a = scene.replica('a');
    a.wire.once('write', { back: 'never' });
    const campaign = a.campaign();
    await scene.clock.advance(100);
    expect(await timeToEnd(campaign)).toBeLessThan(1_000);
    expect(scene.server.record?.holder).toBe('');
  });

  it('while it reads after a claim that failed on the way back', async () => {
    const a = scene.replica('a');
    a.wire.once('write', { back: new LockFault('unreachable', 'reset') });
    const campaign = a.campaign();
    await scene.clock.advance(50);
    expect(await timeToEnd(campaign)).toBeLessThan(1_000);
    expect(scene.server.record?.holder).toBe('');
  });

  it('between the conflict of a second sending and the look that would show our first', async () => {
    const a = scene.replica('a', { random: () => 0.999 });
    a.wire.once('write', { back: 'never' });
    const campaign = a.campaign();
    await scene.clock.advance(2_000);
    expect(a.writes).toHaveLength(2);
    expect(scene.server.record?.holder).toBe('a');
    expect(await timeToEnd(campaign)).toBeLessThan(1_000);
    expect(scene.server.record?.holder).toBe('');
  });

  it('while a claim answered too late is being written afresh', async () => {
    const a = scene.replica('a', { requestTimeoutMs: 30_000 });
    a.wire.once('write', { back: 10_000 });
    a.wire.once('write', { there: 'never' });
    a.wire.once('write', { back: 300 });
    const campaign = a.campaign();
    await scene.clock.advance(10_100);
    expect(campaign.outcome).toBeUndefined();
    expect(await timeToEnd(campaign)).toBeLessThan(1_000);
    expect(scene.server.record?.holder).toBe('');
  });

  it('without a word to a lock it never claimed', async () => {
    scene.server.edit(recordOf('b'));
    const a = scene.replica('a');
    const campaign = a.campaign();
    await scene.clock.advance(5_000);
    const before = a.wire.calls.length;
    await timeToEnd(campaign);
    expect(a.wire.calls.length).toBe(before);
  });

  it('without touching a lock that another one won', async () => {
    scene.server.edit(released);
    const a = scene.replica('a');
    a.wire.once('write', { there: 200 });
    const campaign = a.campaign();
    await scene.clock.advance(100);
    scene.server.edit(recordOf('b'));
    await timeToEnd(campaign);
    expect(scene.server.record).toEqual(recordOf('b'));
  });

  it('even when the server has stopped answering', async () => {
    const a = scene.replica('a');
    const campaign = a.campaign();
    a.wire.cut();
    await scene.clock.advance(1_500);
    expect(await timeToEnd(campaign)).toBeLessThan(1_000);
  });
});

describe('a campaign that has ended', () => {
  it('sends nothing any more, although its claim was never answered', async () => {
    const a = scene.replica('a');
    a.wire.rule = ({ verb }) => (verb === 'write' ? { there: 'never' } : undefined);
    const campaign = a.campaign();
    await scene.clock.advance(1_500);
    await timeToEnd(campaign);
    const before = a.wire.calls.length;
    await scene.clock.advance(60_000);
    expect(a.wire.calls.length).toBe(before);
  });

  it('does not win the lock by sending its unanswered claim a second time', async () => {
    const a = scene.replica('a');
    a.wire.once('write', { there: 'never' });
    const campaign = a.campaign();
    await scene.clock.advance(500);
    await timeToEnd(campaign);
    await scene.clock.advance(60_000);
    expect(scene.server.record?.holder ?? '').toBe('');
  });

  it('leaves nobody asleep, although its claim was never answered', async () => {
    const a = scene.replica('a');
    const campaign = a.campaign();
    a.wire.cut();
    await scene.clock.advance(1_500);
    await timeToEnd(campaign);
    expect(scene.clock.sleepers).toBe(0);
  });

  test('by impatience hands back what an unanswered claim had won', async () => {
    const a = scene.replica('a');
    a.wire.once('write', { back: 'never' });
    a.wire.once('write', { there: 'never' });
    const campaign = a.campaign({ kind: 'wait', waitMs: 6_000 });
    await atRest();
    // Nothing is readable until patience is over, then everything is.
    a.wire.rule = ({ verb }) =>
      verb === 'read' && scene.clock.now() < 7_000 ? { there: 'never' } : undefined;
    await scene.clock.advance(30_000);
    expect(campaign.outcome?.kind).not.toBe('elected');
    expect(scene.server.record?.holder).toBe('');
  });
});

describe('a second campaign of the same elector', () => {
  it('is not undone by what the first one left on the wire', async () => {
    const a = scene.replica('a', { requestTimeoutMs: 30_000 });
    a.wire.once('write', { there: 2_500 });
    const first = a.campaign();
    await scene.clock.advance(500);
    await timeToEnd(first);
    const term = await a.lead();
    await scene.clock.advance(60_000);
    expect(term.isTrusted()).toBe(true);
    expect(a.told.filter((type) => type === 'lost')).toEqual([]);
  });

  it('knows its own writes, although the first one’s are answered later', async () => {
    // The answer to the first campaign's claim comes back while the second campaign's term goes on. When a
    // foreign hand then touches the object, the record must still be recognised.
    const a = scene.replica('a');
    a.wire.once('write', { back: 1_500 });
    const first = a.campaign();
    await scene.clock.advance(500);
    await timeToEnd(first);
    const term = await a.lead();
    await scene.clock.advance(1_000);
    scene.server.edit(scene.server.record);
    await scene.clock.advance(2_000);
    expect(term.loss).toBeUndefined();
  });
});
