import { hostname } from 'node:os';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LeaderElector, leaseLock, localLock } from '../../src/index.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { MemoryLockServer } from '../../src/testing/memory-lock.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function led({ elector }: ReturnType<Stage['elector']>) {
  const campaign = await elector.campaign();
  if (campaign.kind !== 'elected') throw new Error(campaign.kind);
  return campaign.term;
}

describe('isLeader()', () => {
  test('is false before, true while leading, false after', async () => {
    const a = stage.elector('a');
    expect(a.elector.isLeader()).toBe(false);
    const term = await led(a);
    expect(a.elector.isLeader()).toBe(true);
    const released = term.release();
    expect(a.elector.isLeader()).toBe(false);
    await released;
    expect(a.elector.isLeader()).toBe(false);
  });

  test('asks the clock: false the moment the trust is over, whether or not anybody has noticed', async () => {
    const a = stage.elector('a');
    const term = await led(a);
    stage.clock.stall(9_999);
    expect(a.elector.isLeader()).toBe(true);
    stage.clock.stall(1);
    expect([a.elector.isLeader(), term.lost.aborted]).toEqual([false, false]);
  });

  test('counts the time that the machine has slept', async () => {
    const a = stage.elector('a');
    await led(a);
    stage.clock.suspend(10_000);
    expect(a.elector.isLeader()).toBe(false);
  });
});

describe('getLeader()', () => {
  test('is undefined before anybody has looked, and while nobody leads', async () => {
    const a = stage.elector('a');
    expect(a.elector.getLeader()).toBeUndefined();
    const term = await led(a);
    expect(a.elector.getLeader()).toBe('a');
    await term.release();
    expect(a.elector.getLeader()).toBeUndefined();
  });

  test('is whoever a standby has seen', async () => {
    stage.give('b');
    const a = stage.elector('a');
    const campaign = a.elector.campaign();
    await atRest();
    expect([a.elector.getLeader(), a.elector.isLeader()]).toEqual(['b', false]);
    await a.elector.stop();
    expect(await campaign).toEqual({ kind: 'aborted' });
  });

  test('after a loss is the usurper, or unknown', async () => {
    const a = stage.elector('a');
    const first = await led(a);
    stage.give('b');
    await stage.clock.advance(2_000);
    expect(a.elector.getLeader()).toBe('b');
    await first.release();
    expect(a.elector.getLeader()).toBe('b');

    const c = new Stage();
    const cut = c.elector('c');
    await led(cut);
    cut.wire.cut();
    await c.clock.advance(10_000);
    expect(cut.elector.getLeader()).toBeUndefined();
  });
});

describe('enabled: false', () => {
  const switchedOff = () => {
    const lock = {
      read: () => expect.unreachable('read'),
      write: () => expect.unreachable('write'),
    };
    return stage.elector('a', { enabled: false, lock });
  };

  test('leads at once, without the lock, and is never lost', async () => {
    const a = switchedOff();
    const term = await led(a);
    expect(term).toMatchObject({ fencingToken: '0', transitions: 0, loss: undefined });
    expect(term.deadline()).toBe(Infinity);
    stage.clock.stall(1e9);
    await stage.clock.advance(1e9);
    expect([a.elector.isLeader(), term.isTrusted(), term.lost.aborted]).toEqual([
      true,
      true,
      false,
    ]);
    expect(a.elector.getLeader()).toBe('a');
    expect(await term.release()).toEqual({ kind: 'released' });
    expect([a.elector.isLeader(), term.lost.aborted]).toEqual([false, false]);
    expect(a.events.map(({ kind }) => kind)).toEqual(['elected', 'release']);
  });

  test('still has one term at a time, and ends on request', async () => {
    const a = switchedOff();
    const shutdown = new AbortController();
    let terms = 0;
    const loop = (async () => {
      for await (const term of a.elector.terms(shutdown.signal)) {
        terms += 1;
        if (terms === 2)
          await new Promise((resolve) => {
            term.signal.addEventListener('abort', resolve);
          });
      }
    })();
    await stage.clock.advance(1_000);
    expect(terms).toBe(1);
    await stage.clock.advance(2_000);
    expect(terms).toBe(2);
    shutdown.abort();
    await loop;
    expect(stage.clock.sleepers).toBe(0);
    expect(await a.elector.campaign({ signal: AbortSignal.abort() })).toEqual({ kind: 'aborted' });
  });
});

describe('options', () => {
  const lock = new MemoryLockServer().handle();

  test('the identity is the pod or the host, and unique', () => {
    vi.stubEnv('POD_NAME', 'web-0');
    const uuid = '[0-9a-f]{8}-[0-9a-f-]{27}';
    expect(new LeaderElector({ lock }).identity).toMatch(new RegExp(`^web-0_${uuid}$`));
    vi.stubEnv('POD_NAME', '');
    const [one, two] = [new LeaderElector({ lock }), new LeaderElector({ lock })];
    expect(one.identity).toMatch(new RegExp(`^${hostname()}_${uuid}$`));
    expect(one.identity).not.toBe(two.identity);
  });

  test.each([
    [{ leaseDurationMs: 6_900 }, /the lease duration is 6.9s, but a Lease holds whole seconds/],
    [{ leaseDurationMs: 10_000 }, /the renew deadline \(10s\) must be shorter than the lease/],
    [{ retryPeriodMs: 9_000 }, /the retry period × 1.2 \(10.8s\) must be shorter than/],
    [{ renewDeadlineMs: 14_000 }, /no time to stop the command: lease duration 15s − renew/],
    [{ requestTimeoutMs: 0 }, /the request timeout must be positive/],
    [{ identity: '' }, /an identity has 1 to 256 characters/],
    [{ identity: 'a\nb' }, /it has control characters in it/],
  ])('%j is refused', (options, message) => {
    expect(() => new LeaderElector({ lock, ...options })).toThrow(message);
    expect(() => new LeaderElector({ lock, ...options })).toThrow(RangeError);
  });

  test.each([{ name: '../x' }, { name: 'A' }, { name: 'a', namespace: 'a.b' }])(
    'a lock that cannot be called %j is refused',
    (options) => {
      expect(() => leaseLock(options)).toThrow(RangeError);
      expect(() => localLock(options)).toThrow(RangeError);
    },
  );

  test('a listener that throws disturbs nothing', async () => {
    const a = stage.elector('a', {
      onEvent: () => {
        throw new Error('my own');
      },
    });
    const term = await led(a);
    await stage.clock.advance(60_000);
    expect(term.isTrusted()).toBe(true);
  });
});
