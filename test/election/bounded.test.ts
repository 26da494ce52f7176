import { describe, expect, it } from 'vitest';
import { bounded } from '../../src/election/request.ts';
import { LockFault } from '../../src/election/lock.ts';
import { atRest, FakeClock } from '../../src/testing/fake-clock.ts';

const never = () => new Promise<never>(() => undefined);

/** The outcome of a bounded call, once there is one. */
function watched<T>(promise: Promise<T>): { outcome?: T; fault?: unknown } {
  const seen: { outcome?: T; fault?: unknown } = {};
  promise.then(
    (outcome) => (seen.outcome = outcome),
    (fault: unknown) => (seen.fault = fault),
  );
  return seen;
}

describe('a bounded call', () => {
  it('passes the answer on and leaves nobody asleep', async () => {
    const clock = new FakeClock();
    const seen = watched(bounded({ clock, boundMs: 5_000 }, () => Promise.resolve(42)));
    await atRest();
    expect(seen.outcome).toBe(42);
    expect(clock.sleepers).toBe(0);
  });

  it('ends exactly at its bound, even if the callee ignores its signal', async () => {
    const clock = new FakeClock();
    const seen = watched(bounded({ clock, boundMs: 5_000 }, never));
    await clock.advance(4_999);
    expect(seen).toEqual({});
    await clock.advance(1);
    expect(seen.fault).toMatchObject({ kind: 'unreachable', message: 'no answer within 5s' });
    expect(clock.sleepers).toBe(0);
  });

  it('tells the callee that it was given up, at the bound', async () => {
    const clock = new FakeClock();
    let signal: AbortSignal | undefined;
    watched(
      bounded({ clock, boundMs: 5_000 }, (cutOff) => {
        signal = cutOff;
        return never();
      }),
    );
    await clock.advance(4_999);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(signal?.aborted).toBe(true);
  });

  it('ends at once when its signal aborts', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    let cut: AbortSignal | undefined;
    const seen = watched(
      bounded({ clock, boundMs: 5_000, signal: stop.signal }, (cutOff) => {
        cut = cutOff;
        return never();
      }),
    );
    await atRest();
    stop.abort();
    await atRest();
    expect(seen.fault).toMatchObject({ kind: 'unreachable', message: 'given up' });
    expect(cut?.aborted).toBe(true);
    expect(clock.sleepers).toBe(0);
  });

  it('does not abort a callee that has answered', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    let cut: AbortSignal | undefined;
    watched(
      bounded({ clock, boundMs: 5_000, signal: stop.signal }, (cutOff) => {
        cut = cutOff;
        return Promise.resolve();
      }),
    );
    await atRest();
    stop.abort();
    await clock.advance(10_000);
    expect(cut?.aborted).toBe(false);
  });

  it('passes a fault of the lock on as it is', async () => {
    const clock = new FakeClock();
    const fault = new LockFault('denied', 'no', { hint: 'ask' });
    const seen = watched(bounded({ clock, boundMs: 5_000 }, () => Promise.reject(fault)));
    await atRest();
    expect(seen.fault).toBe(fault);
    expect(clock.sleepers).toBe(0);
  });

  it.each([
    ['a TypeError', new TypeError('fetch failed'), 'fetch failed'],
    ['a string', 'boom', 'boom'],
    ['nothing', undefined, 'undefined'],
  ])('makes a fault of %s', async (_, thrown, message) => {
    const clock = new FakeClock();
    const seen = watched(
      bounded({ clock, boundMs: 5_000 }, () => {
        // A callee may throw anything, before it has promised anything.
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw thrown;
      }),
    );
    await atRest();
    expect(seen.fault).toMatchObject({ name: 'LockFault', kind: 'unreachable', message });
  });

  it('does not care what the callee does after it was given up', async () => {
    const clock = new FakeClock();
    const { promise, reject } = Promise.withResolvers<never>();
    const seen = watched(bounded({ clock, boundMs: 5_000 }, () => promise));
    await clock.advance(5_000);
    reject(new Error('too late'));
    await atRest();
    expect(seen.fault).toMatchObject({ message: 'no answer within 5s' });
  });
});
