import { beforeEach, describe, expect, it, test } from 'vitest';
import { LockFault, type Lock } from '../../src/election/lock.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import type { Call } from '../../src/testing/memory-lock.ts';
import { recordOf, Scene } from './scene.ts';
import type { Fate } from './wire.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

const never = () => new Promise<never>(() => undefined);

describe('a lock that throws TypeErrors', () => {
  const broken: Lock = {
    read: () => Promise.reject(new TypeError('fetch failed')),
    write: () => Promise.reject(new TypeError('fetch failed')),
  };

  it('keeps a candidate waiting, and is told of once', async () => {
    const a = scene.replica('a', { lock: broken });
    const campaign = a.campaign();
    await scene.clock.advance(60_000);
    expect(a.events).toMatchObject([{ kind: 'out-of-reach', fault: { message: 'fetch failed' } }]);
    campaign.abort();
    await scene.clock.advance(1_000);
    expect(campaign.outcome).toEqual({ kind: 'aborted' });
    expect(scene.clock.sleepers).toBe(0);
  });

  it('before it has promised anything is understood as well', async () => {
    const lock: Lock = {
      read: () => {
        throw new TypeError('not a function');
      },
      write: never,
    };
    const a = scene.replica('a', { lock });
    a.campaign();
    await scene.clock.advance(60_000);
    expect(a.told).toEqual(['out-of-reach']);
  });

  it('when it writes costs a leader its term, in time', async () => {
    const good = scene.server.handle();
    let isBroken = false;
    const lock: Lock = {
      read: good.read,
      write: (record, basis, options) => {
        if (isBroken) throw new TypeError('cannot read properties of undefined');
        return good.write(record, basis, options);
      },
    };
    const a = scene.replica('a', { lock });
    const term = await a.lead();
    isBroken = true;
    await scene.clock.advance(9_999);
    expect(term.isTrusted()).toBe(true);
    await scene.clock.advance(1);
    expect(term.loss).toEqual({ kind: 'expired' });
    expect(scene.clock.sleepers).toBe(0);
  });
});

it.each([NaN, Infinity])(
  'a lock that asks for a pause of %d ms is asked again',
  async (retryAfterMs) => {
    let reads = 0;
    const lock: Lock = {
      read: () => {
        reads += 1;
        return Promise.reject(new LockFault('unreachable', 'come back', { retryAfterMs }));
      },
      write: never,
    };
    scene.replica('a', { lock }).campaign();
    await scene.clock.advance(60_000);
    expect(reads).toBeGreaterThan(20);
    expect(reads).toBeLessThan(60);
  },
);

describe('a lock that never settles and ignores its signal', () => {
  const deaf: Lock = { read: never, write: never };

  it('keeps a candidate waiting, and lets it go within a second', async () => {
    const a = scene.replica('a', { lock: deaf });
    const campaign = a.campaign();
    await scene.clock.advance(60_000);
    expect(campaign.outcome).toBeUndefined();
    expect(a.told).toEqual(['out-of-reach']);
    campaign.abort();
    await scene.clock.advance(1_000);
    expect(campaign.outcome).toEqual({ kind: 'aborted' });
    expect(scene.clock.sleepers).toBe(0);
  });

  it('when it claims lets a candidate go within a second', async () => {
    const a = scene.replica('a', {
      lock: { read: () => Promise.resolve(undefined), write: never },
    });
    const campaign = a.campaign();
    await scene.clock.advance(500);
    campaign.abort();
    await scene.clock.advance(1_000);
    expect(campaign.outcome).toEqual({ kind: 'aborted' });
    await scene.clock.advance(60_000);
    expect(scene.clock.sleepers).toBe(0);
  });

  it('costs a leader its term in time, and its release is bounded', async () => {
    const good = scene.server.handle();
    let isDeaf = false;
    const lock: Lock = {
      read: (options) => (isDeaf ? never() : good.read(options)),
      write: (record, basis, options) => (isDeaf ? never() : good.write(record, basis, options)),
    };
    const a = scene.replica('a', { lock });
    const term = await a.lead();
    isDeaf = true;
    await scene.clock.advance(10_000);
    expect(term.loss).toEqual({ kind: 'expired' });
    let released = false;
    void a.release().then(() => (released = true));
    await scene.clock.advance(5_000);
    expect(released).toBe(true);
    await scene.clock.advance(60_000);
    expect(scene.clock.sleepers).toBe(0);
  });
});

describe('a connection that swallows everything', () => {
  /** Dead until somebody asks for a new one. */
  const untilReplaced = (): ((call: Call) => Fate | undefined) => {
    let dead = true;
    return ({ fresh }) => {
      dead &&= !fresh;
      return dead ? { there: 'never' } : undefined;
    };
  };

  it('is left for a fresh one by a candidate that only wants to read', async () => {
    const a = scene.replica('a');
    a.wire.rule = untilReplaced();
    a.campaign();
    await scene.clock.advance(15_000);
    expect(a.term?.isTrusted()).toBe(true);
  });

  it('is left for a fresh one by a release', async () => {
    const a = scene.replica('a');
    await a.lead();
    a.wire.rule = untilReplaced();
    void a.release();
    await scene.clock.advance(5_000);
    expect(scene.server.record?.holder).toBe('');
  });
});

describe('a lock that answers nonsense', () => {
  it('(a conflict to every write) makes no leader and no storm', async () => {
    const lock: Lock = {
      read: () => Promise.resolve(undefined),
      write: () => Promise.resolve({ kind: 'conflict' }),
    };
    let writes = 0;
    const counting: Lock = {
      read: lock.read,
      write: (...args) => ((writes += 1), lock.write(...args)),
    };
    const a = scene.replica('a', { lock: counting });
    a.campaign();
    await scene.clock.advance(10_000);
    expect(a.told).toEqual([]);
    expect(writes).toBeLessThan(50);
  });

  it('(stale reads) cannot be claimed twice: compare-and-swap decides', async () => {
    scene.server.edit(recordOf('', { leaseDurationMs: 1_000 }));
    const stale = scene.server.current;
    const good = scene.server.handle();
    const b = scene.replica('b');
    await b.lead();
    const a = scene.replica('a', {
      lock: { read: () => Promise.resolve(stale), write: good.write },
    });
    a.campaign();
    expect(await scene.mostLeadingDuring(5_000)).toBe(1);
    expect(scene.leading).toEqual(['b']);
  });
});

test('everything that ended leaves nobody asleep', async () => {
  const a = scene.replica('a');
  const b = scene.replica('b');
  const c = scene.replica('c');
  await a.lead();
  b.campaign();
  const waiting = c.campaign({ kind: 'wait', waitMs: 8_000 });
  await scene.clock.advance(10_000);
  expect(waiting.outcome?.kind).toBe('held');
  await a.release();
  await scene.clock.advance(3_000);
  await b.release();
  await atRest();
  expect(scene.clock.sleepers).toBe(0);
});
