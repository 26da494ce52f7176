/** The label of the own Pod under a clock that stands still: wishes, faults, refusals, and writes that are late. */
import { describe, expect, it } from 'vitest';
import { LockFault } from '../../src/election/lock.ts';
import { PodLabel, type LabelWish } from '../../src/extras/pod-label.ts';
import type { LabelledPod } from '../../src/extras/pod.ts';
import { atRest, FakeClock } from '../../src/testing/fake-clock.ts';

const timing = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
const refused = new LockFault('denied', 'not allowed');
const noAnswer = new LockFault('unreachable', 'no answer');

/** A Pod whose server can refuse, fail, keep still, and apply late what it was sent. */
function stage() {
  const clock = new FakeClock();
  const faults: LabelWish[] = [];
  const late: (() => unknown)[] = [];
  const server = {
    version: 1,
    isSet: false,
    mark: '',
    requests: 0,
    underWay: 0,
    mood: 'well' as 'well' | 'silent' | LockFault,
  };
  const answer = async <T>(signal: AbortSignal, what: () => T): Promise<T> => {
    expect((server.underWay += 1), 'one at a time').toBe(1);
    server.requests += 1;
    try {
      await Promise.resolve();
      if (server.mood instanceof LockFault) throw server.mood;
      if (server.mood === 'well') return what();
      late.push(what);
      return await new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(noAnswer);
        });
      });
    } finally {
      server.underWay -= 1;
    }
  };
  const pod: LabelledPod = {
    read: (signal) => answer(signal, () => ({ version: String(server.version) })),
    write: (basis, { isSet, mark }, signal) =>
      answer(signal, () => {
        if (basis.version !== String(server.version)) return undefined;
        // The server keeps the version when nothing is different.
        if (isSet !== server.isSet || mark !== server.mark) server.version += 1;
        Object.assign(server, { isSet, mark });
        return { version: String(server.version) };
      }),
  };
  let marks = 0;
  const newProcess = () =>
    new PodLabel({
      pod,
      clock,
      timing,
      requestTimeoutMs: 5_000,
      random: () => 0,
      mark: () => `mark-${(marks += 1)}`,
      onFault: (_, wish) => void faults.push(wish),
    });
  return { clock, faults, late, server, newProcess };
}

describe('the label of a Pod', () => {
  it('is set and removed with a read and a write each', async () => {
    const { server, newProcess } = stage();
    const label = newProcess();
    await label.remove();
    label.set(() => true);
    await atRest();
    expect(server.isSet).toBe(true);
    await label.remove();
    expect(server).toMatchObject({ isSet: false, requests: 6 });
    await label.remove();
    expect(server.requests).toBe(6);
  });

  it('is not set while that is not wanted, and a retry period later when it is', async () => {
    const { clock, server, newProcess } = stage();
    const label = newProcess();
    let isTrusted = false;
    label.set(() => isTrusted);
    await atRest();
    expect(server.isSet).toBe(false);
    isTrusted = true;
    await clock.advance(timing.retryPeriodMs);
    expect(server.isSet).toBe(true);
  });

  it('is gone for good when a removal was answered: a write that comes late meets a conflict', async () => {
    const { late, server, newProcess } = stage();
    const label = newProcess();
    await label.remove();
    label.set(() => {
      server.mood = 'silent';
      return true;
    });
    await atRest();
    server.mood = 'well';
    await label.remove();
    expect(late).not.toEqual([]);
    for (const land of late) expect(land()).toBeUndefined();
    expect(server.isSet).toBe(false);
  });

  it('does not come from a write of an earlier process, although there was none to remove', async () => {
    const { late, server, newProcess } = stage();
    const killed = newProcess();
    killed.set(() => {
      server.mood = 'silent';
      return true;
    });
    await atRest();
    killed.close();
    await atRest();
    server.mood = 'well';
    await newProcess().remove();
    expect(late).not.toEqual([]);
    for (const land of late) expect(land()).toBeUndefined();
    expect(server.isSet).toBe(false);
  });

  it('is tried again soon after a fault, which is told once', async () => {
    const { clock, faults, server, newProcess } = stage();
    const label = newProcess();
    server.mood = noAnswer;
    label.set(() => true);
    await clock.advance(10_000);
    expect(faults).toEqual(['set']);
    expect(server.requests).toBeLessThan(12);
    server.mood = 'well';
    await clock.advance(2_400);
    expect(server.isSet).toBe(true);
  });

  it('is tried again after 30 s when it was refused, and nobody waits for that', async () => {
    const { clock, faults, server, newProcess } = stage();
    const label = newProcess();
    server.mood = refused;
    await label.remove();
    label.set(() => true);
    await atRest();
    expect(server.requests).toBe(2);
    server.mood = 'well';
    await clock.advance(29_999);
    expect(server.isSet).toBe(false);
    await clock.advance(1);
    expect(server.isSet).toBe(true);
    expect(faults).toEqual(['remove']);
  });

  it('is tried over a new connection after 1 s without an answer, then after 2 s', async () => {
    const { clock, server, newProcess } = stage();
    const label = newProcess();
    server.mood = 'silent';
    void label.remove();
    await clock.advance(1_099);
    expect(server.requests).toBe(1);
    await clock.advance(1);
    expect(server.requests).toBe(2);
    await clock.advance(2_000);
    expect(server.requests).toBe(2);
    server.mood = 'well';
    await clock.advance(200);
    await label.remove();
    expect(server.requests).toBe(4);
  });

  it('leaves nothing asleep when it is closed', async () => {
    const { clock, server, newProcess } = stage();
    const label = newProcess();
    server.mood = refused;
    await label.remove();
    expect(clock.sleepers).toBe(1);
    label.close();
    await atRest();
    expect(clock.sleepers).toBe(0);
  });
});
