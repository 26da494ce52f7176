import { beforeEach, describe, expect, it, test } from 'vitest';
import { LockFault } from '../../src/election/lock.ts';
import type { Term } from '../../src/election/term.ts';
import type { TermChange } from '../../src/election/term.ts';
import { recordOf, released, Scene, type Replica } from './scene.ts';
import { gate } from './wire.ts';

const reset = new LockFault('unreachable', 'reset');

let scene: Scene;
let a: Replica;
let term: Term;
let changes: TermChange[];

/** a leads since 1,000. It is 1,500; a looks at the clock at 2,200, and its next renewal is at 3,000. */
beforeEach(async () => {
  scene = new Scene();
  a = scene.replica('a');
  term = await a.lead();
  changes = [];
  term.subscribe((change) => changes.push(change));
  await scene.clock.advance(500);
});

describe('a machine that slept', () => {
  it('for less than what was left has that much less', async () => {
    scene.clock.suspend(5_000);
    expect(term.remainingMs()).toBe(8_500);
    expect(term.isTrusted()).toBe(true);
    a.wire.cut();
    await scene.clock.advance(4_499);
    expect(term.isTrusted()).toBe(true);
    await scene.clock.advance(1);
    expect(term.isTrusted()).toBe(false);
  });

  it('for less than what was left renews sooner, and nobody hears of it', async () => {
    scene.clock.suspend(5_000);
    await scene.clock.advance(60_000);
    expect(term.isTrusted()).toBe(true);
    expect(a.told).toEqual(['elected']);
  });

  it('for longer is not trusted, before any alarm has rung', () => {
    scene.clock.suspend(60_000);
    expect(term.isTrusted()).toBe(false);
    expect(term.remainingMs()).toBe(13_500 - 60_000);
  });

  it('for longer is suspended within a second of waking, then resumes with its next renewal', async () => {
    a.wire.rule = () => ({ back: 300 });
    scene.clock.suspend(60_000);
    await scene.clock.advance(900);
    expect(changes.at(-1)).toBe('suspended');
    expect(term.isTrusted()).toBe(false);
    await scene.clock.advance(2_000);
    expect(changes.filter((change) => change !== 'extended')).toEqual(['suspended', 'resumed']);
    expect(a.events.slice(1)).toEqual([{ kind: 'suspended', forMs: 60_000 }, { kind: 'resumed' }]);
    expect(term.isTrusted()).toBe(true);
    expect(term.loss).toBeUndefined();
  });

  it('renews at once when it has been suspended, not a period later', async () => {
    scene.clock.suspend(60_000);
    await scene.clock.advance(1_000);
    const renewal = a.writes.at(-1);
    expect(renewal?.atMs).toBe(2_200);
  });

  it('while another took over is lost as soon as the answer says so', async () => {
    scene.clock.suspend(60_000);
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(1_500);
    expect(term.loss).toEqual({ kind: 'usurped', holder: 'b' });
    expect(changes).not.toContain('resumed');
    expect(scene.server.record).toEqual(recordOf('b'));
  });

  it('while another led and released is lost: a term does not go on after somebody else’s', async () => {
    // a: token 101. b claimed when the lease had run out, led with a newer token, and released. Were a to go on,
    // its command would continue in the middle of its work, with a fencing token older than b's.
    scene.clock.suspend(60_000);
    scene.server.edit({ ...released, transitions: 1 });
    const left = scene.server.record;
    await scene.clock.advance(20_000);
    expect(changes).not.toContain('resumed');
    expect(term.loss).toBeDefined();
    expect(scene.server.record).toEqual(left);
  });

  it('while its record vanished is lost: nobody can say who led meanwhile', async () => {
    scene.clock.suspend(60_000);
    scene.server.edit(undefined);
    await scene.clock.advance(20_000);
    expect(changes).not.toContain('resumed');
    expect(term.loss).toBeDefined();
  });

  it('and wakes without a network is lost after one more renew deadline', async () => {
    a.wire.rule = () => ({ there: reset });
    scene.clock.suspend(60_000);
    await scene.clock.advance(700);
    expect(changes).toEqual(['suspended']);
    await scene.clock.advance(9_999);
    expect(term.loss).toBeUndefined();
    await scene.clock.advance(1);
    expect(term.loss).toEqual({ kind: 'expired' });
    expect(a.told.filter((type) => type === 'suspended')).toHaveLength(1);
  });

  it('again while it was in doubt is lost', async () => {
    a.wire.rule = () => ({ there: reset });
    scene.clock.suspend(60_000);
    await scene.clock.advance(1_000);
    scene.clock.suspend(60_000);
    await scene.clock.advance(1_000);
    expect(term.loss).toEqual({ kind: 'expired' });
  });

  it('with a renewal on the wire does not count that as the proof it needs', async () => {
    const answer = gate();
    a.wire.once('write', { back: answer.opened });
    await scene.clock.advance(1_500);
    expect(a.writes).toHaveLength(2);
    scene.clock.suspend(60_000);
    scene.server.edit(recordOf('b'));
    answer.open();
    await scene.clock.advance(2_000);
    expect(changes).not.toContain('resumed');
    expect(term.loss).toEqual({ kind: 'usurped', holder: 'b' });
  });

  it('while another led and released is lost as well when a renewal on the wire is what finds out', async () => {
    // The request waited in a socket buffer and goes out on waking; its conflict comes before any alarm.
    const gone = gate();
    a.wire.once('write', { there: gone.opened });
    await scene.clock.advance(1_500);
    expect(a.writes).toHaveLength(2);
    scene.clock.suspend(60_000);
    scene.server.edit({ ...released, transitions: 1 });
    const left = scene.server.record;
    gone.open();
    await scene.clock.advance(20_000);
    expect(changes).not.toContain('resumed');
    expect(term.loss).toBeDefined();
    expect(scene.server.record).toEqual(left);
  });

  it('while another led and its record vanished is lost when a renewal on the wire finds out', async () => {
    const gone = gate();
    a.wire.once('write', { there: gone.opened });
    await scene.clock.advance(1_500);
    scene.clock.suspend(60_000);
    scene.server.edit(undefined);
    gone.open();
    await scene.clock.advance(20_000);
    expect(changes).not.toContain('resumed');
    expect(term.loss).toBeDefined();
  });

  it('between the reading that found the lock free and the writing on it does not resume by that', async () => {
    // Emptied by hand, a reads that; the machine sleeps before the write; b takes what is free, leads, releases.
    await scene.clock.advance(1_000);
    scene.server.edit(recordOf(''));
    const gone = gate();
    a.wire.once('write', {});
    a.wire.once('write', { there: gone.opened });
    await scene.clock.advance(500);
    expect(a.writes).toHaveLength(3);
    scene.clock.suspend(60_000);
    scene.server.edit({ ...released, transitions: 1 });
    const left = scene.server.record;
    gone.open();
    await scene.clock.advance(20_000);
    expect(changes).not.toContain('resumed');
    expect(scene.server.record).toEqual(left);
  });

  it('several times for a moment loses all of it', async () => {
    a.wire.cut();
    for (let i = 0; i < 10; i += 1) {
      scene.clock.suspend(500);
      await scene.clock.advance(100);
    }
    expect(term.remainingMs()).toBe(13_500 - 5_000 - 1_000);
  });

  it('leads no longer than its lease together with a follower that did not sleep', async () => {
    // Both on one fake clock: b's 15 s pass while a's machine sleeps, so a's remaining time must be gone.
    const b = scene.replica('b');
    b.campaign();
    await scene.clock.advance(1_000);
    a.wire.cut();
    scene.clock.suspend(15_000);
    expect(term.remainingMs()).toBeLessThanOrEqual(0);
  });
});

describe('a machine that slept and stalled', () => {
  it('so long that sleep alone does not explain it has lost', async () => {
    scene.clock.suspend(1_000);
    scene.clock.stall(20_000);
    await scene.clock.advance(0);
    expect(term.loss).toEqual({ kind: 'expired' });
  });
});

test('a candidate that slept waits no shorter', async () => {
  await a.release();
  scene.server.edit(recordOf('x'));
  const b = scene.replica('b');
  b.campaign();
  await scene.clock.advance(5_000);
  scene.clock.suspend(60_000);
  await scene.clock.advance(9_999);
  expect(b.term).toBeUndefined();
  await scene.clock.advance(1);
  expect(b.term?.isTrusted()).toBe(true);
});

test('a suspension that began before the claim is not charged to the term', async () => {
  await a.release();
  const b = scene.replica('b');
  scene.clock.suspend(3_600_000);
  const later = await b.lead();
  expect(later.remainingMs()).toBe(14_000);
  await scene.clock.advance(60_000);
  expect(later.isTrusted()).toBe(true);
  expect(b.told).toEqual(['elected']);
});
