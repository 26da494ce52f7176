import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  AskedToStepDown,
  LeadershipLost,
  LockFault,
  type RunCallbacks,
  type Term,
} from '../../src/index.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { Stage, work } from './stage.ts';

let stage: Stage;
let told: string[];
beforeEach(() => {
  stage = new Stage();
  told = [];
});

/** A run whose work ends when the test says so, and which notes what happens in what order. */
function begin(candidate: ReturnType<Stage['elector']>, callbacks: Partial<RunCallbacks> = {}) {
  const body = work();
  const running = { body, term: undefined as Term | undefined, end: undefined as unknown };
  const over = candidate.elector
    .run({
      onStartedLeading: async (term) => {
        running.term = term;
        told.push('started');
        await body.done;
      },
      onStoppedLeading: ({ kind }) => told.push(`stopped: ${kind}, held by ${stage.holder}`),
      onNewLeader: (identity) => told.push(`leader: ${identity}`),
      ...callbacks,
    })
    .then(
      (end) => (running.end = end),
      (error: unknown) => (running.end = error),
    );
  return Object.assign(running, { over });
}

describe('run()', () => {
  test('keeps the term when onStartedLeading has returned, as client-go does', async () => {
    const a = stage.elector('a');
    const shutdown = new AbortController();
    const onStartedLeading = vi.fn();
    const running = begin(a, { signal: shutdown.signal, onStartedLeading });
    await stage.clock.advance(60_000);
    expect(onStartedLeading).toHaveBeenCalledOnce();
    expect([stage.holder, a.elector.isLeader(), running.end]).toEqual(['a', true, undefined]);
    shutdown.abort();
    await running.over;
    expect(running.end).toEqual({ kind: 'shutdown' });
    expect(told).toEqual(['leader: a', 'stopped: shutdown, held by a']);
    expect(stage.holder).toBe('');
  });

  test('on a shutdown tells the work, renews until it has ended, and releases after the last word', async () => {
    const shutdown = new AbortController();
    const running = begin(stage.elector('a'), { signal: shutdown.signal });
    await atRest();
    shutdown.abort(new Error('going down'));
    expect(running.term!.signal.reason).toEqual(new Error('going down'));
    await stage.clock.advance(60_000);
    expect([stage.holder, running.end]).toEqual(['a', undefined]);
    running.body.end();
    await running.over;
    expect(told).toEqual(['leader: a', 'started', 'stopped: shutdown, held by a']);
    expect([stage.holder, running.end]).toEqual(['', { kind: 'shutdown' }]);
    expect(stage.clock.sleepers).toBe(0);
  });

  test('awaits onStoppedLeading before the lock is handed back', async () => {
    const cleanup = work();
    const a = stage.elector('a');
    const running = begin(a, { onStoppedLeading: () => cleanup.done });
    await atRest();
    void a.elector.stop();
    running.body.end();
    await stage.clock.advance(30_000);
    expect(stage.holder).toBe('a');
    cleanup.end();
    await running.over;
    expect(stage.holder).toBe('');
  });

  test('on a loss waits for the work, and does not stand again', async () => {
    const a = stage.elector('a');
    const running = begin(a);
    await atRest();
    a.wire.cut();
    await stage.clock.advance(10_000);
    expect(running.term!.lost.aborted).toBe(true);
    expect(running.end).toBeUndefined();
    a.wire.heal();
    running.body.fail(running.term!.signal.reason);
    // For the writes that are still on the wire.
    await stage.clock.advance(5_000);
    await running.over;
    expect(running.end).toEqual({ kind: 'lost', loss: { kind: 'expired' } });
    await stage.clock.advance(60_000);
    expect(a.events.filter(({ kind }) => kind === 'elected')).toHaveLength(1);
    expect(stage.clock.sleepers).toBe(0);
  });

  test.each([
    ['that of its signal', (term: Term) => term.signal.reason as Error],
    ['an AbortError', () => new DOMException('aborted', 'AbortError')],
  ])('takes a rejection for the end of the work after a shutdown: %s', async (_, errorOf) => {
    const a = stage.elector('a');
    const running = begin(a);
    await atRest();
    void a.elector.stop();
    running.body.fail(errorOf(running.term!));
    await running.over;
    expect(running.end).toEqual({ kind: 'shutdown' });
  });

  test('passes on what the work throws while it is being stopped', async () => {
    const a = stage.elector('a');
    const running = begin(a);
    await atRest();
    void a.elector.stop();
    running.body.fail(new Error('cannot flush'));
    await running.over;
    expect(running.end).toEqual(new Error('cannot flush'));
    expect(told.at(-1)).toBe('stopped: failed, held by a');
    expect(stage.holder).toBe('');
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('my own');
      },
    ],
    ['rejects', () => Promise.reject(new Error('my own'))],
  ])('hands over when onStartedLeading %s, and passes that on', async (_, onStartedLeading) => {
    const running = begin(stage.elector('a'), { onStartedLeading });
    await running.over;
    expect(running.end).toEqual(new Error('my own'));
    expect(told).toEqual(['leader: a', 'stopped: failed, held by a']);
    expect(stage.holder).toBe('');
    expect(stage.clock.sleepers).toBe(0);
  });

  test('hands over also when onStoppedLeading throws', async () => {
    const a = stage.elector('a');
    const running = begin(a, { onStoppedLeading: () => Promise.reject(new Error('my own')) });
    await atRest();
    void a.elector.stop();
    running.body.end();
    await running.over;
    expect([stage.holder, running.end]).toEqual(['', new Error('my own')]);
  });

  test('ends when the work releases the term itself', async () => {
    const running = begin(stage.elector('a'), { onStartedLeading: (term) => term.release() });
    await running.over;
    expect(running.end).toEqual({ kind: 'released' });
  });

  test('hands over when somebody has asked for it, and says so', async () => {
    const running = begin(stage.elector('a'));
    await atRest();
    const record = stage.server.record!;
    const stepDown = { holder: record.holder, acquireTimeUs: record.acquireTimeUs! };
    stage.server.edit({ ...record, stepDown });
    await stage.clock.advance(2_000);
    expect(running.term!.signal.reason).toBeInstanceOf(AskedToStepDown);
    await stage.clock.advance(60_000);
    expect([stage.holder, running.end]).toEqual(['a', undefined]);
    running.body.end();
    await running.over;
    expect([stage.holder, running.end]).toEqual(['', { kind: 'step-down' }]);
  });

  test('without a term calls nothing', async () => {
    stage.give('b');
    const shutdown = new AbortController();
    const running = begin(stage.elector('a'), { signal: shutdown.signal });
    await stage.clock.advance(1_000);
    shutdown.abort();
    await running.over;
    expect(running.end).toEqual({ kind: 'aborted' });
    expect(told).toEqual(['leader: b']);
  });

  test('rejects when the lock cannot be used at all', async () => {
    const a = stage.elector('a');
    const fault = new LockFault('unsupported', 'not for elections');
    a.wire.once('read', { back: fault });
    const running = begin(a);
    await running.over;
    expect(running.end).toBe(fault);
    expect(told).toEqual([]);
  });

  test('tells of every leader that was not the one before', async () => {
    stage.give('b');
    const a = stage.elector('a');
    begin(a);
    await stage.clock.advance(5_000);
    stage.give('c');
    await stage.clock.advance(20_000);
    expect(told).toEqual(['leader: b', 'leader: c', 'leader: a', 'started']);
    stage.give('d');
    await stage.clock.advance(2_000);
    expect(told.at(-1)).toBe('leader: d');
  });

  test('is not disturbed by an onNewLeader that throws', async () => {
    const running = begin(stage.elector('a'), {
      onNewLeader: () => {
        throw new Error('my own');
      },
    });
    await atRest();
    expect(running.term?.isTrusted()).toBe(true);
  });

  test('gives the loss as an error that fetch can throw', () => {
    const error = new LeadershipLost({ kind: 'usurped', holder: 'b' });
    expect(error.message).toBe('leadership was lost: "b" holds the lock');
  });
});
