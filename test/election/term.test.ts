import { beforeEach, describe, expect, it, test } from 'vitest';
import type { ElectionEvent } from '../../src/election/events.ts';
import { LockFault } from '../../src/election/lock.ts';
import type { Term } from '../../src/election/term.ts';
import type { TermChange } from '../../src/election/term.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { recordOf, released, Scene, type Replica } from './scene.ts';

const reset = new LockFault('unreachable', 'reset');

let scene: Scene;
let a: Replica;
let term: Term;

/** a leads since 1,000 under 15/10/2. */
beforeEach(async () => {
  scene = new Scene();
  a = scene.replica('a');
  term = await a.lead();
});

function changesOf(observed: Term): TermChange[] {
  const changes: TermChange[] = [];
  observed.subscribe((change) => changes.push(change));
  return changes;
}

describe('a shutdown (R9)', () => {
  it('tells the work to end, and the renewing goes on until the release', async () => {
    const b = scene.replica('b');
    const campaign = b.campaign();
    await a.release();
    await scene.clock.advance(5_000);
    campaign.abort();
    const before = b.writes.length;
    await scene.clock.advance(20_000);
    expect(b.term?.signal.aborted).toBe(true);
    expect(b.term?.isTrusted()).toBe(true);
    expect(b.writes.length).toBeGreaterThanOrEqual(before + 9);
    await b.release();
    expect(scene.server.record?.holder).toBe('');
  });
});

describe('a process that is frozen for longer than its trust lasts', () => {
  it('writes nothing more once it is lost, wherever it was frozen', async () => {
    let losses = 0;
    for (let frozenAt = 1; frozenAt < 60; frozenAt += 1) {
      scene = new Scene();
      let writesAtLoss: number | undefined;
      const emit = ({ kind }: ElectionEvent) => {
        if (kind === 'lost') writesAtLoss = frozen.writes.length;
      };
      const frozen = scene.replica('a', { emit });
      await frozen.lead();
      await scene.clock.advance(1_999);
      const now = scene.clock.now.bind(scene.clock);
      let looks = 0;
      scene.clock.now = () => {
        looks += 1;
        if (looks === frozenAt) scene.clock.stall(20_000);
        return now();
      };
      await scene.clock.advance(30_000);
      if (writesAtLoss === undefined) continue;
      losses += 1;
      expect([frozenAt, frozen.writes.length]).toEqual([frozenAt, writesAtLoss]);
    }
    expect(losses).toBeGreaterThan(0);
  });
});

describe('a renewal', () => {
  it('is one write per retry period, on the version written last, without a read', async () => {
    await scene.clock.advance(20_000);
    const writes = a.writes.slice(1);
    expect(writes.map(({ atMs }) => atMs)).toEqual(
      Array.from({ length: 10 }, (_, i) => 3_000 + 2_000 * i),
    );
    expect(writes.map(({ basis }) => Number(basis?.version))).toEqual(
      Array.from({ length: 10 }, (_, i) => 101 + i),
    );
    expect(a.reads).toHaveLength(1);
  });

  it('keeps acquireTime and transitions, and moves renewTime', async () => {
    const won = scene.server.record;
    await scene.clock.advance(20_000);
    expect(scene.server.record).toMatchObject({
      holder: 'a',
      leaseDurationMs: 15_000,
      acquireTimeUs: won?.acquireTimeUs,
      transitions: 0,
    });
    expect(scene.server.record?.renewTimeUs).toBeGreaterThan(won?.renewTimeUs ?? Infinity);
  });

  it('does not change the fencing token', async () => {
    await scene.clock.advance(20_000);
    expect(term.fencingToken).toBe('101');
  });

  it('extends what remains, and says so', async () => {
    const changes = changesOf(term);
    expect(term.remainingMs()).toBe(14_000);
    await scene.clock.advance(1_999);
    expect(term.remainingMs()).toBe(12_001);
    expect(changes).toEqual([]);
    await scene.clock.advance(1);
    expect(term.remainingMs()).toBe(14_000);
    expect(changes).toEqual(['extended']);
  });

  it('is not heard by a listener that has unsubscribed', async () => {
    const changes: TermChange[] = [];
    const unsubscribe = term.subscribe((change) => changes.push(change));
    unsubscribe();
    await scene.clock.advance(10_000);
    expect(changes).toEqual([]);
  });

  it('is no news: nothing is told about it', async () => {
    await scene.clock.advance(600_000);
    expect(a.told).toEqual(['elected']);
  });

  it('goes on for a whole drain of 20 s: nobody else leads until the release', async () => {
    const b = scene.replica('b');
    b.campaign();
    // The command has been told to stop and takes its time. Nobody tells the term.
    expect(await scene.mostLeadingDuring(20_000)).toBe(1);
    expect(term.isTrusted()).toBe(true);
    expect(b.term).toBeUndefined();
    await a.release();
    await scene.clock.advance(2_400);
    expect(scene.leading).toEqual(['b']);
  });
});

describe('a leader that is cut off', () => {
  it('loses exactly one renew deadline after its last acknowledged write was sent', async () => {
    await scene.clock.advance(4_000);
    a.wire.cut();
    await scene.clock.advance(9_999);
    expect(term.isTrusted()).toBe(true);
    expect(term.loss).toBeUndefined();
    await scene.clock.advance(1);
    expect(term.isTrusted()).toBe(false);
    expect(term.loss).toEqual({ kind: 'expired' });
    expect(term.lost.aborted).toBe(true);
    expect(term.lost.reason).toEqual({ kind: 'expired' });
  });

  it('then has lease − margin − renew deadline to stop its command', async () => {
    a.wire.cut();
    await scene.clock.advance(10_000);
    expect(term.remainingMs()).toBe(4_000);
    await scene.clock.advance(4_000);
    expect(term.remainingMs()).toBe(0);
    await scene.clock.advance(1_000);
    expect(term.remainingMs()).toBe(-1_000);
  });

  it('is told once, with the time that is left, and once of the loss', async () => {
    a.wire.rule = () => ({ there: reset });
    await scene.clock.advance(60_000);
    expect(a.events.slice(1)).toEqual([
      { kind: 'renewal-failing', fault: reset, lossInMs: 8_000 },
      { kind: 'lost', loss: { kind: 'expired' } },
    ]);
  });

  it('writes nothing after the loss', async () => {
    a.wire.rule = () => ({ there: reset });
    await scene.clock.advance(10_000);
    const before = a.wire.calls.length;
    a.wire.heal();
    await scene.clock.advance(60_000);
    expect(a.wire.calls.length).toBe(before);
    expect(scene.clock.sleepers).toBe(0);
  });

  it('sends nothing a second time when its loop stood still until the window had closed', async () => {
    const b = scene.replica('b', { random: () => 0 });
    await a.release();
    await b.lead();
    const beganAtMs = scene.clock.now();
    b.wire.rule = () => ({ there: reset });
    await scene.clock.advance(7_000);
    b.wire.cut();
    await scene.clock.advance(2_050);
    const latest = b.writes.at(-1)!;
    expect(latest.atMs - beganAtMs).toBe(7_100);
    // At 9.1 s it would go out again.
    scene.clock.stall(2_000);
    await scene.clock.advance(10);
    expect(b.term?.loss).toEqual({ kind: 'expired' });
    expect(b.writes.at(-1)).toBe(latest);
  });

  it('is gone before another may lead', async () => {
    scene.replica('b').campaign();
    await scene.clock.advance(30_000);
    a.wire.cut();
    expect(await scene.mostLeadingDuring(30_000)).toBe(1);
    expect(scene.leading).toEqual(['b']);
  });

  it('for less than the renew deadline never notices', async () => {
    a.wire.cut();
    await scene.clock.advance(6_900);
    a.wire.heal();
    await scene.clock.advance(60_000);
    expect(term.isTrusted()).toBe(true);
    expect(a.told.filter((type) => type === 'lost')).toEqual([]);
  });

  it('hears of the recovery once', async () => {
    a.wire.rule = () => ({ there: reset });
    await scene.clock.advance(5_000);
    a.wire.heal();
    await scene.clock.advance(60_000);
    expect(a.told).toEqual(['elected', 'renewal-failing', 'renewal-recovered']);
  });
});

describe('an answer', () => {
  it.each([1_000, 4_900])(
    'that always takes %i ms keeps the term, counted from sending',
    async (ms) => {
      a.wire.rule = () => ({ back: ms });
      await scene.clock.advance(2_000 + ms);
      expect(term.remainingMs()).toBe(14_000 - ms);
      await scene.clock.advance(60_000);
      expect(term.isTrusted()).toBe(true);
    },
  );

  it('that always takes 5 s costs the term: trust never runs from the answer', async () => {
    const slow = scene.replica('slow', { requestTimeoutMs: 30_000 });
    await a.release();
    const slowTerm = await slow.lead();
    const beganAtMs = scene.clock.now();
    slow.wire.rule = () => ({ back: 5_000 });
    await scene.clock.advance(11_999);
    expect(slowTerm.isTrusted()).toBe(true);
    await scene.clock.advance(1);
    expect(slowTerm.loss).toEqual({ kind: 'expired' });
    expect(slow.writes.filter(({ fresh }) => !fresh).map(({ atMs }) => atMs - beganAtMs)).toEqual([
      0, 2_000, 7_000,
    ]);
  });

  it.each([1_000, 5_000, 9_000])(
    'that takes %i ms on the connection in use is overtaken by a fresh one',
    async (ms) => {
      a.wire.rule = ({ fresh, verb }) => (fresh || verb === 'read' ? undefined : { there: ms });
      await scene.clock.advance(60_000);
      expect(term.isTrusted()).toBe(true);
      expect(a.told.filter((type) => type === 'lost')).toEqual([]);
    },
  );

  it('that comes exactly when the window closes is a loss', async () => {
    const slow = scene.replica('slow', { requestTimeoutMs: 30_000 });
    await a.release();
    const slowTerm = await slow.lead();
    slow.wire.once('write', { back: 8_000 });
    slow.wire.once('write', { there: 'never' });
    await scene.clock.advance(2_000);
    slow.wire.cut();
    await scene.clock.advance(8_000);
    expect(slowTerm.loss).toEqual({ kind: 'expired' });
  });

  it('that comes after the window has closed stays a loss, whatever it says', async () => {
    const slow = scene.replica('slow', { requestTimeoutMs: 30_000 });
    await a.release();
    const slowTerm = await slow.lead();
    slow.wire.rule = () => ({ back: 9_000 });
    await scene.clock.advance(60_000);
    expect(slowTerm.loss).toEqual({ kind: 'expired' });
    expect(slowTerm.isTrusted()).toBe(false);
    expect(slowTerm.remainingMs()).toBeLessThan(0);
  });

  it('that is lost: a conflict, one read, a fresh write, and trust only from that', async () => {
    await scene.clock.advance(1_000);
    a.wire.once('write', { back: reset });
    const calls = a.wire.calls.length;
    await scene.clock.advance(1_000);
    const fault = a.wire.calls.length;
    expect(term.remainingMs()).toBe(12_000);
    await scene.clock.advance(500);
    expect(a.wire.calls.slice(calls).map(({ verb }) => verb)).toEqual([
      'write',
      'write',
      'read',
      'write',
    ]);
    const freshlySentAtMs = a.wire.calls.at(-1)?.atMs ?? 0;
    expect(freshlySentAtMs).toBeGreaterThan(a.wire.calls[fault - 1]?.atMs ?? Infinity);
    expect(term.remainingMs()).toBe(14_000 - (scene.clock.now() - freshlySentAtMs));
    expect(a.events.filter(({ kind }) => kind === 'restored')).toEqual([]);
  });

  it('that is lost gives no trust by being found by reading', async () => {
    // Every write that is applied loses its answer; conflicts and reads get through.
    a.wire.rule = ({ verb, basis }) =>
      verb === 'write' && basis?.version === scene.server.current?.version
        ? { back: reset }
        : undefined;
    await scene.clock.advance(10_000);
    expect(a.reads.length).toBeGreaterThan(1);
    expect(term.loss).toEqual({ kind: 'expired' });
  });

  it('that comes after the renewal was given up changes nothing but the version', async () => {
    a.wire.once('write', { there: 5_500 });
    a.wire.once('write', { there: 'never' });
    await scene.clock.advance(60_000);
    expect(term.isTrusted()).toBe(true);
    expect(a.told.filter((type) => type === 'lost')).toEqual([]);
  });
});

describe('a swallowed connection', () => {
  it('is replaced within the deadline by sending the write again on a fresh one', async () => {
    a.wire.rule = ({ fresh }) => (fresh ? undefined : { there: 'never' });
    await scene.clock.advance(60_000);
    expect(term.isTrusted()).toBe(true);
    expect(a.told).toEqual(['elected']);
  });

  it('that swallows only answers, until a request on it is given up, costs nothing', async () => {
    let dead = true;
    a.wire.rule = ({ fresh, signal }) => {
      if (fresh || !dead) return undefined;
      signal.addEventListener('abort', () => (dead = false));
      return { back: 'never' };
    };
    await scene.clock.advance(60_000);
    expect(term.isTrusted()).toBe(true);
    expect(a.told).toEqual(['elected']);
  });

  it('that swallows only answers is replaced too', async () => {
    // The write is applied, its answer swallowed; the fresh write meets a conflict, and a read settles it.
    let dead = true;
    a.wire.rule = ({ fresh }) => {
      dead &&= !fresh;
      return dead ? { back: 'never' } : undefined;
    };
    await scene.clock.advance(60_000);
    expect(term.isTrusted()).toBe(true);
    expect(a.told.filter((type) => type === 'lost')).toEqual([]);
  });
});

describe('a server that is overloaded', () => {
  const busy = (retryAfterMs: number) => new LockFault('unreachable', 'busy', { retryAfterMs });

  it('is left alone as long as it asks', async () => {
    a.wire.once('write', { there: busy(3_000) });
    await scene.clock.advance(2_000);
    const before = a.wire.calls.length;
    await scene.clock.advance(2_999);
    expect(a.wire.calls.length).toBe(before);
    await scene.clock.advance(700);
    expect(a.wire.calls.length).toBe(before + 1);
    expect(term.remainingMs()).toBeGreaterThan(13_000);
  });

  it('is asked again before the deadline even if it wants more than that', async () => {
    a.wire.once('write', { there: busy(3_600_000) });
    await scene.clock.advance(60_000);
    expect(term.isTrusted()).toBe(true);
  });

  it('does not move the loss', async () => {
    a.wire.rule = () => ({ there: busy(3_600_000) });
    await scene.clock.advance(9_999);
    expect(term.loss).toBeUndefined();
    await scene.clock.advance(1);
    expect(term.loss).toEqual({ kind: 'expired' });
  });

  it('is not stormed in the last moments before the loss', async () => {
    a.wire.rule = () => ({ there: busy(3_600_000) });
    await scene.clock.advance(9_000);
    const before = a.wire.calls.length;
    await scene.clock.advance(1_000);
    expect(a.wire.calls.length - before).toBeLessThanOrEqual(10);
  });
});

describe('another holder', () => {
  it.each([
    ['found in the record', recordOf('b')],
    ['with our own identity', recordOf('a')],
  ])('%s: lost with the answer, at once', async (_, record) => {
    await scene.clock.advance(1_000);
    scene.server.edit(record);
    await scene.clock.advance(999);
    expect(term.loss).toBeUndefined();
    await scene.clock.advance(1);
    expect(term.loss).toEqual({ kind: 'usurped', holder: record.holder });
    expect(term.lost.aborted).toBe(true);
    expect(term.isTrusted()).toBe(false);
  });

  it('is not written over, then or later, and the release sends nothing', async () => {
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(2_000);
    const before = a.wire.calls.length;
    await scene.clock.advance(60_000);
    expect(await a.release()).toEqual({ kind: 'not-ours' });
    await scene.clock.advance(60_000);
    expect(a.wire.calls.length).toBe(before);
    expect(scene.server.record).toEqual(recordOf('b'));
    expect(scene.clock.sleepers).toBe(0);
  });

  it('that came after a deletion: lost', async () => {
    scene.server.edit(undefined);
    await scene.clock.advance(500);
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(1_500);
    expect(term.loss).toEqual({ kind: 'usurped', holder: 'b' });
  });

  it('that comes between our reading "deleted" and our writing it again: lost', async () => {
    scene.server.edit(undefined);
    a.wire.once('write', {});
    a.wire.once('write', { there: 100 });
    await scene.clock.advance(2_050);
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(1_000);
    expect(term.loss).toEqual({ kind: 'usurped', holder: 'b' });
    expect(scene.server.record).toEqual(recordOf('b'));
  });

  it('is not believed in while nobody can be asked', async () => {
    scene.server.edit(recordOf('b'));
    a.wire.rule = ({ verb }) => (verb === 'read' ? { there: reset } : undefined);
    await scene.clock.advance(9_999);
    expect(term.loss).toBeUndefined();
    await scene.clock.advance(1);
    expect(term.loss).toEqual({ kind: 'expired' });
    expect(scene.server.record).toEqual(recordOf('b'));
  });

  it('in a record that vanished while we read is not a loss', async () => {
    scene.server.edit(released);
    await scene.clock.advance(2_000);
    expect(term.isTrusted()).toBe(true);
  });
});

describe('an object that becomes unusable', () => {
  const unusable = new LockFault('unsupported', 'coordinated election');

  it('is a loss as soon as a read says so', async () => {
    scene.server.edit(scene.server.record);
    a.wire.once('read', { there: unusable });
    await scene.clock.advance(2_000);
    expect(term.loss).toEqual({ kind: 'unsupported', fault: unusable });
  });

  it('is a loss as soon as a write says so', async () => {
    a.wire.once('write', { there: unusable });
    await scene.clock.advance(2_000);
    expect(term.loss).toEqual({ kind: 'unsupported', fault: unusable });
  });
});

describe('a stalled event loop', () => {
  it('cannot hide the end of trust: the clock is asked, not the alarm', async () => {
    scene.clock.stall(9_999);
    expect(term.isTrusted()).toBe(true);
    scene.clock.stall(1);
    expect(term.isTrusted()).toBe(false);
    expect(term.remainingMs()).toBe(4_000);
    expect(term.loss).toBeUndefined();
    await atRest();
  });

  it('is a loss when it goes on, even though nobody else came', async () => {
    scene.clock.stall(10_000);
    await scene.clock.advance(0);
    expect(term.loss).toEqual({ kind: 'expired' });
  });

  it('does not write over what another led and released meanwhile', async () => {
    scene.server.edit(recordOf('', { leaseDurationMs: 1_000, transitions: 1 }));
    const left = scene.server.record;
    scene.clock.stall(60_000);
    await scene.clock.advance(0);
    expect(term.loss).toBeDefined();
    expect(scene.server.record).toEqual(left);
  });

  it('does not write over it either when a renewal was on the wire', async () => {
    a.wire.once('write', { there: 500 });
    await scene.clock.advance(2_100);
    scene.server.edit(recordOf('', { leaseDurationMs: 1_000, transitions: 1 }));
    const left = scene.server.record;
    scene.clock.stall(60_000);
    await scene.clock.advance(0);
    expect(term.loss).toBeDefined();
    expect(scene.server.record).toEqual(left);
  });

  it('shorter than the deadline is survived', async () => {
    scene.clock.stall(9_900);
    await scene.clock.advance(60_000);
    expect(term.isTrusted()).toBe(true);
  });
});

describe('the wall clock', () => {
  it.each([3_600_000, -3_600_000])('moved by %i ms has no effect on a leader', async (ms) => {
    scene.replica('b').campaign();
    await scene.clock.advance(10_000);
    scene.clock.stepWall(ms);
    expect(await scene.mostLeadingDuring(40_000)).toBe(1);
    expect(term.isTrusted()).toBe(true);
    expect(a.told).toEqual(['elected']);
    expect(scene.server.record?.transitions).toBe(0);
  });
});

describe('what throws', () => {
  /** What a listener throws may surface anywhere, only not in place of what the term has to do. */
  async function whateverSurfaces(test: () => Promise<void>): Promise<void> {
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', () => undefined);
    try {
      await test();
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const other of others) process.on('unhandledRejection', other);
    }
  }

  test.each(['renewal-failing', 'lost'] as const)(
    'on hearing "%s" cannot keep the loss from being signalled',
    async (type) => {
      await a.release();
      const c = scene.replica('c', {
        emit: (event: ElectionEvent) => {
          if (event.kind === type) throw new Error('a listener failed');
        },
      });
      await whateverSurfaces(async () => {
        const cTerm = await c.lead();
        c.wire.rule = () => ({ there: reset });
        await scene.clock.advance(20_000);
        expect(cTerm.lost.aborted).toBe(true);
      });
    },
  );

  test('on a change of the term cannot stop its renewing', async () => {
    term.subscribe(() => {
      throw new Error('a subscriber failed');
    });
    await whateverSurfaces(async () => {
      await scene.clock.advance(60_000);
      expect(term.isTrusted()).toBe(true);
    });
  });

  test('on a change of the term cannot keep others from hearing of it', async () => {
    term.subscribe(() => {
      throw new Error('a subscriber failed');
    });
    const changes = changesOf(term);
    await whateverSurfaces(async () => {
      await scene.clock.advance(2_000);
      expect(changes).toEqual(['extended']);
    });
  });
});
