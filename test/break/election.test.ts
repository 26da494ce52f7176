/** What has broken the election once: hands, proxies, long outages, stopped clocks. Each of these was red. */
import { describe, expect, test } from 'vitest';
import { stepDown } from '../../src/commands/step-down.ts';
import { LockFault, type Lock, type Versioned } from '../../src/election/lock.ts';
import { claimableAtMs, observe } from '../../src/election/observation.ts';
import { defaultTiming } from '../../src/election/timing.ts';
import { Elector } from '../../src/election/elector.ts';
import { pairLock } from '../../src/locks/pair.ts';
import { atRest, FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryLockServer } from '../../src/testing/memory-lock.ts';
import { recordOf, Scene } from '../election/scene.ts';
import { gate } from '../election/wire.ts';
import { seededRandom } from '../support/random.ts';
import { doubling, StoppedWall } from './stage.ts';

const never = new AbortController().signal;

describe('a hand that clears the holder', () => {
  const oneSecond = { leaseDurationMs: 1_000, renewDeadlineMs: 600, retryPeriodMs: 200 };

  test('of a lease of one second has not released it: who saw the holder waits', async () => {
    const scene = new Scene();
    const short = { timing: oneSecond, requestTimeoutMs: 300 };
    const [a, b] = [scene.replica('a', short), scene.replica('b', short)];
    await a.lead();
    b.campaign();
    await scene.clock.advance(500);
    expect(scene.leading).toEqual(['a']);
    a.wire.cut();
    scene.server.edit({ ...scene.server.record!, holder: '' });
    expect(await scene.mostLeadingDuring(1_500)).toBe(1);
  });

  test('and shortens to one second has not released it either', async () => {
    const scene = new Scene();
    const [a, b] = [scene.replica('a'), scene.replica('b')];
    await a.lead();
    b.campaign();
    await scene.clock.advance(500);
    a.wire.cut();
    scene.server.edit({ ...scene.server.record!, holder: '', leaseDurationMs: 1_000 });
    expect(await scene.mostLeadingDuring(20_000)).toBe(1);
  });
});

describe('deleted, taken and released by a newcomer between two looks: who saw the first holder waits', () => {
  test('as the transitions tell', () => {
    const at = (nowMs: number, version: string, record: Versioned['record']) => ({
      seen: { version, record, origin: undefined },
      nowMs,
      isOurs: false,
      assumedDurationMs: 15_000,
    });
    const first = observe(undefined, at(0, '5', recordOf('x', { transitions: 9 })));
    const released = recordOf('', { leaseDurationMs: 1_000, transitions: 0 });
    expect(claimableAtMs(observe(first, at(2_000, '8', released)))).toBe(17_000);
  });

  test('as the uid tells, where the transitions do not', async () => {
    const scene = new Scene();
    const [a, b, c] = [scene.replica('a'), scene.replica('b'), scene.replica('c')];
    await a.lead();
    b.campaign();
    await scene.clock.advance(500);
    a.wire.cut();
    scene.server.edit(undefined);
    await c.lead();
    await scene.clock.advance(300);
    await c.release();
    // From here on only b is judged, who has seen the record of a.
    expect(a.term!.remainingMs()).toBeGreaterThan(10_000);
    expect(await scene.mostLeadingDuring(10_000)).toBe(1);
  });
});

test('an outage with more failing renewals than are remembered, the first of which was applied', async () => {
  const timing = { leaseDurationMs: 300_000, renewDeadlineMs: 200_000, retryPeriodMs: 2_000 };
  const scene = new Scene();
  const a = scene.replica('a', { timing });
  const term = await a.lead();
  await scene.clock.advance(5_000);
  a.wire.once('write', { back: new LockFault('unreachable', 'socket hang up') });
  a.wire.rule = () => ({ there: new LockFault('unreachable', 'ECONNREFUSED') });
  await scene.clock.advance(175_000);
  expect(term.isOngoing()).toBe(true);
  a.wire.heal();
  await scene.clock.advance(5_000);
  expect([term.loss, term.isTrusted()]).toEqual([undefined, true]);
});

test('a request to step down for a lock in two objects, written between the two halves of a renewal', async () => {
  const clock = new FakeClock();
  const [first, second] = [new MemoryLockServer(), new MemoryLockServer()];
  let held: Promise<void> | undefined;
  const slow = second.handle({
    onTheWayThere: ({ verb }) => (verb === 'write' ? held : undefined),
  });
  const elector = new Elector({
    lock: pairLock(first.handle(), slow),
    clock,
    timing: defaultTiming,
    identity: 'a',
    requestTimeoutMs: 5_000,
    random: seededRandom(1),
  });
  const outcome = await elector.campaign({ signal: never });
  if (outcome.kind !== 'elected') throw new Error('not elected');
  const { term } = outcome;
  await clock.advance(3_000);
  const { open, opened } = gate();
  held = opened;
  // The first has been renewed, the write to the second is on its way.
  await clock.advance(1_100);
  const inBetween: Lock = {
    ...second.handle(),
    async read(how) {
      const seen = await second.handle().read(how);
      open();
      held = undefined;
      await atRest();
      return seen;
    },
  };
  const said: string[] = [];
  const asking = stepDown(
    { lock: 'x', waitMs: undefined, requestTimeoutMs: 5_000 },
    {
      found: pairLock(first.handle(), inBetween),
      clock,
      signal: never,
      stdout: (text) => said.push(text),
      stderr: () => undefined,
    },
  );
  await clock.advance(6_000);
  await asking;
  expect(said).toEqual(['"a" has been asked to step down\n']);
  expect([term.loss, term.stepDown.aborted]).toEqual([undefined, true]);
});

test('half a claim on a lock in two objects, beside which a hand empties what its holder has renewed', async () => {
  const scene = new Scene();
  const [first, second] = [new MemoryLockServer(), new MemoryLockServer()];
  const timing = { leaseDurationMs: 1_000, renewDeadlineMs: 600, retryPeriodMs: 200 };
  const a = scene.replica('a', { lock: second.handle(), timing, requestTimeoutMs: 300 });
  let wiped = 0;
  const wiping = second.handle({
    onTheWayBack: ({ verb }) => {
      if (verb !== 'write' || wiped > 0) return;
      wiped += 1;
      second.edit({ ...second.record!, holder: '', leaseDurationMs: undefined });
    },
  });
  const b = scene.replica('b', { lock: pairLock(first.handle(), wiping) });
  await a.lead();
  b.campaign();
  // Between two looks of the one the other renews ten times: its lease seems to be over.
  expect(await scene.mostLeadingDuring(10_000)).toBe(1);
  expect([wiped, scene.leading]).toEqual([1, ['a']]);
});

describe('a proxy that sends a write twice and passes on the second answer', () => {
  test('does not end the term that it renews', async () => {
    const scene = new Scene();
    const proxy = doubling(scene.server.handle());
    const term = await scene.replica('a', { lock: proxy.lock }).lead();
    await scene.clock.advance(5_000);
    proxy.next();
    await scene.clock.advance(5_000);
    expect(term.loss).toBeUndefined();
  });

  test('does not keep the lock for a lease from whom it has made claim it', async () => {
    const scene = new Scene();
    const proxy = doubling(scene.server.handle());
    proxy.next();
    scene.replica('a', { lock: proxy.lock }).campaign();
    await scene.clock.advance(3_000);
    expect(scene.leading).toEqual(['a']);
  });
});

test('no renewal says the same as the one before, also while the wall clock stands still', async () => {
  const clock = new StoppedWall();
  const plain = new MemoryLockServer().handle();
  const times: number[] = [];
  const lock: Lock = {
    ...plain,
    async write(record, basis, how) {
      times.push(record.renewTimeUs ?? 0);
      return plain.write(record, basis, how);
    },
  };
  const elector = new Elector({
    lock,
    clock,
    timing: defaultTiming,
    identity: 'a',
    requestTimeoutMs: 5_000,
    random: seededRandom(1),
  });
  await elector.campaign({ signal: never });
  await clock.advance(10_000_000);
  expect(times.length).toBeGreaterThan(4_000);
  expect(times.filter((time, at) => at > 0 && time <= times[at - 1]!)).toEqual([]);
});
