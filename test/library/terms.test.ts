import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { LeadershipLost, LockFault, TermReleased, type Term } from '../../src/index.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { Stage, work } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

/** Follows a loop over terms, whose bodies end when the test says so. */
function follow(elector: ReturnType<Stage['elector']>['elector'], signal?: AbortSignal) {
  const terms: Term[] = [];
  const bodies: ReturnType<typeof work>[] = [];
  const loop = { terms, bodies, isOver: false, error: undefined as unknown, over: atRest() };
  const run = async () => {
    for await (const term of elector.terms(signal)) {
      const body = work();
      terms.push(term);
      bodies.push(body);
      await body.done;
    }
  };
  loop.over = run()
    .catch((error: unknown) => {
      loop.error = error;
    })
    .finally(() => {
      loop.isOver = true;
    });
  return loop;
}

describe('a loop over terms', () => {
  test('begins its body when elected, with a token, transitions and a deadline', async () => {
    const { elector } = stage.elector('a');
    const { terms } = follow(elector);
    await atRest();
    const [term] = terms;
    expect(term).toMatchObject({ fencingToken: '101', transitions: 0, loss: undefined });
    expect(term!.lost.aborted || term!.signal.aborted).toBe(false);
    // Lease 15 s less the margin of 1 s, from when the claim was sent.
    expect(term!.deadline()).toBe(stage.clock.now() + 14_000);
    expect(stage.holder).toBe('a');
  });

  test('releases when the body ends, and stands again when others had their turn', async () => {
    const { elector } = stage.elector('a');
    const { terms, bodies } = follow(elector);
    await atRest();
    bodies[0]!.end();
    await atRest();
    expect(stage.holder).toBe('');
    await stage.clock.advance(2_499);
    expect(terms).toHaveLength(1);
    await stage.clock.advance(1);
    expect(terms).toHaveLength(2);
    expect(BigInt(terms[1]!.fencingToken)).toBeGreaterThan(BigInt(terms[0]!.fencingToken));
  });

  test('lets others lead in that time', async () => {
    const a = stage.elector('a');
    const b = stage.elector('b');
    const first = follow(a.elector);
    await atRest();
    const second = follow(b.elector);
    await stage.clock.advance(100);
    first.bodies[0]!.end();
    await stage.clock.advance(2_600);
    expect([first.terms.length, second.terms.length, stage.holder]).toEqual([1, 1, 'b']);
  });

  test('has released when a break has left it', async () => {
    const { elector } = stage.elector('a');
    for await (const term of elector.terms()) {
      expect(term.isTrusted()).toBe(true);
      break;
    }
    expect(stage.holder).toBe('');
    expect(elector.isLeader()).toBe(false);
    expect(stage.clock.sleepers).toBe(0);
  });

  test('has released when a throw has left it, and passes that on', async () => {
    const { elector } = stage.elector('a');
    const loop = follow(elector);
    await atRest();
    loop.bodies[0]!.fail(new Error('my own'));
    await loop.over;
    expect(loop.error).toEqual(new Error('my own'));
    expect(stage.holder).toBe('');
    expect(stage.clock.sleepers).toBe(0);
  });

  test('tells the body of a loss, and does not stand again before it has ended', async () => {
    const { elector, wire, events } = stage.elector('a');
    const loop = follow(elector);
    await atRest();
    wire.cut();
    await stage.clock.advance(10_000);
    const [term] = loop.terms;
    expect(term!.lost.reason).toEqual({ kind: 'expired' });
    expect(term!.signal.reason).toEqual(new LeadershipLost({ kind: 'expired' }));
    expect(elector.isLeader()).toBe(false);
    wire.heal();
    const callsBefore = wire.calls.length;
    await stage.clock.advance(60_000);
    expect(wire.calls).toHaveLength(callsBefore);
    expect(events.at(-1)).toMatchObject({ kind: 'lost' });

    loop.bodies[0]!.end();
    await stage.clock.advance(16_000);
    expect(loop.terms).toHaveLength(2);
  });

  test('leaves the record of somebody else alone', async () => {
    const { elector, wire } = stage.elector('a');
    const loop = follow(elector);
    await atRest();
    stage.give('b');
    await stage.clock.advance(2_000);
    expect(loop.terms[0]!.loss).toEqual({ kind: 'usurped', holder: 'b' });
    const writes = wire.calls.filter(({ verb }) => verb === 'write').length;
    loop.bodies[0]!.end();
    await stage.clock.advance(10_000);
    expect(stage.holder).toBe('b');
    expect(wire.calls.filter(({ verb }) => verb === 'write')).toHaveLength(writes);
  });

  test('goes on renewing after the signal, until the body has ended', async () => {
    const { elector } = stage.elector('a');
    const shutdown = new AbortController();
    const loop = follow(elector, shutdown.signal);
    await atRest();
    shutdown.abort(new Error('going down'));
    const [term] = loop.terms;
    expect(term!.signal.reason).toEqual(new Error('going down'));
    expect(term!.lost.aborted).toBe(false);
    await stage.clock.advance(60_000);
    expect([stage.holder, elector.isLeader(), loop.isOver]).toEqual(['a', true, false]);
    loop.bodies[0]!.end();
    await loop.over;
    expect([stage.holder, loop.error, loop.terms.length]).toEqual(['', undefined, 1]);
    expect(stage.clock.sleepers).toBe(0);
  });

  test('ends at once when the signal comes while standing by, and leaves nothing behind', async () => {
    stage.give('b');
    const { elector, wire } = stage.elector('a');
    const shutdown = new AbortController();
    const loop = follow(elector, shutdown.signal);
    await stage.clock.advance(5_000);
    shutdown.abort();
    await loop.over;
    expect([loop.terms.length, loop.error, stage.holder]).toEqual([0, undefined, 'b']);
    expect(wire.calls.some(({ verb }) => verb === 'write')).toBe(false);
    expect(stage.clock.sleepers).toBe(0);
  });

  test('ends at once when the signal comes while it stands aside', async () => {
    const { elector } = stage.elector('a');
    const shutdown = new AbortController();
    const loop = follow(elector, shutdown.signal);
    await atRest();
    loop.bodies[0]!.end();
    await atRest();
    shutdown.abort();
    await loop.over;
    expect(stage.clock.sleepers).toBe(0);
  });

  test('sends nothing at all when the signal has aborted before', async () => {
    const { elector, wire } = stage.elector('a');
    await follow(elector, AbortSignal.abort()).over;
    expect(wire.calls).toEqual([]);
  });

  test('throws when the lock cannot be used at all', async () => {
    const { elector, wire } = stage.elector('a');
    const fault = new LockFault('unsupported', 'not for elections');
    wire.once('read', { back: fault });
    const loop = follow(elector);
    await loop.over;
    expect(loop.error).toBe(fault);
  });

  test('waits out what is only denied or out of reach', async () => {
    const { elector, wire, events } = stage.elector('a');
    wire.rule = () => ({ back: new LockFault('denied', 'no') });
    const loop = follow(elector);
    await stage.clock.advance(600_000);
    expect(loop.isOver).toBe(false);
    expect(events.map(({ kind }) => kind)).toEqual(['out-of-reach']);
    wire.heal();
    await stage.clock.advance(60_000);
    expect(loop.terms).toHaveLength(1);
  });

  test('refuses a second one beside it', async () => {
    const { elector } = stage.elector('a');
    const first = follow(elector);
    await atRest();
    const second = follow(elector);
    await second.over;
    expect(second.error).toEqual(new Error('this elector is already standing or leading'));
    expect(first.isOver).toBe(false);
    expect(elector.isLeader()).toBe(true);
  });

  test('aborts the signal of a term that is released early, and waits for its body', async () => {
    const { elector } = stage.elector('a');
    const loop = follow(elector);
    await atRest();
    const [term] = loop.terms;
    await term!.release();
    expect(term!.signal.reason).toBeInstanceOf(TermReleased);
    expect(term!.lost.aborted).toBe(false);
    await stage.clock.advance(60_000);
    expect(loop.terms).toHaveLength(1);
  });

  test('never begins a body after a signal that came with the election', async () => {
    const shutdown = new AbortController();
    const { elector } = stage.elector('a', {
      onEvent: ({ kind }) => {
        if (kind === 'elected') shutdown.abort();
      },
    });
    const loop = follow(elector, shutdown.signal);
    await loop.over;
    expect(loop.terms).toEqual([]);
    expect(stage.holder).toBe('');
  });

  test('never begins a body after the machine has slept through the election', async () => {
    const { elector, events } = stage.elector('a', {
      onEvent: (event) => {
        events.push(event);
        if (events.length === 1) stage.clock.suspend(11_000);
      },
    });
    const { terms } = follow(elector);
    await atRest();
    // It was handed back, and won again.
    expect(terms.map(({ transitions }) => transitions)).toEqual([1]);
    expect(terms[0]!.isTrusted()).toBe(true);
  });
});

test('many terms leave nothing behind on a signal that outlives them', async () => {
  const shutdown = new AbortController();
  const { elector } = stage.elector('a');
  const loop = follow(elector, shutdown.signal);
  for (let term = 0; term < 20; term++) {
    await stage.clock.advance(2_500);
    loop.bodies[term]!.end();
    await atRest();
  }
  expect(loop.terms).toHaveLength(20);
  // While it stands aside it listens with one ear.
  expect(getEventListeners(shutdown.signal, 'abort')).toHaveLength(1);
  shutdown.abort();
  await loop.over;
  expect(getEventListeners(shutdown.signal, 'abort')).toHaveLength(0);
  expect(stage.clock.sleepers).toBe(0);
});

describe('stop()', () => {
  test('asks the body to end, and resolves when the lock was handed back', async () => {
    const { elector } = stage.elector('a');
    const loop = follow(elector);
    await atRest();
    let isStopped = false;
    const stopped = Promise.all([elector.stop(), elector.stop()]).then(() => (isStopped = true));
    expect(loop.terms[0]!.signal.aborted).toBe(true);
    await stage.clock.advance(60_000);
    expect([isStopped, stage.holder]).toEqual([false, 'a']);
    loop.bodies[0]!.end();
    await stopped;
    expect(stage.holder).toBe('');
    await loop.over;
    await elector.stop();
    expect(stage.clock.sleepers).toBe(0);
  });

  test('ends a campaign, and all that would follow', async () => {
    stage.give('b');
    const { elector } = stage.elector('a');
    const loop = follow(elector);
    await stage.clock.advance(100);
    await elector.stop();
    await loop.over;
    expect(await elector.campaign()).toEqual({ kind: 'aborted' });
    expect(stage.clock.sleepers).toBe(0);
  });

  test('has nothing to do where nothing was begun', async () => {
    await stage.elector('a').elector.stop();
  });
});

describe('await using', () => {
  test.each([true, false])('releases at the end of the block (enabled: %s)', async (enabled) => {
    const { elector, events } = stage.elector('a', { enabled });
    {
      const campaign = await elector.campaign();
      if (campaign.kind !== 'elected') throw new Error(campaign.kind);
      await using term = campaign.term;
      expect([elector.isLeader(), term.isOngoing()]).toEqual([true, true]);
    }
    expect(elector.isLeader()).toBe(false);
    expect(events.at(-1)).toMatchObject({ kind: 'release', outcome: { kind: 'released' } });
  });

  test('releases when the block throws, and once with a release before', async () => {
    const { elector, events } = stage.elector('a');
    const failing = async () => {
      const campaign = await elector.campaign();
      if (campaign.kind !== 'elected') throw new Error(campaign.kind);
      await using term = campaign.term;
      await term.release();
      throw new Error('no');
    };
    await expect(failing()).rejects.toThrow('no');
    expect(stage.holder).toBe('');
    expect(events.filter(({ kind }) => kind === 'release')).toHaveLength(1);
  });
});
