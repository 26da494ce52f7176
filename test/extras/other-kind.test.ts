/** The one look at locks of other kinds: when it is made, what it says, and what it never does. */
import { describe, expect, test } from 'vitest';
import { LockFault, type LeaderRecord, type Lock } from '../../src/election/lock.ts';
import type { RunEvent } from '../../src/events.ts';
import { lookForOtherKind } from '../../src/extras/other-kind.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryLockServer } from '../../src/testing/memory-lock.ts';
import { sampleRecord } from '../support/record.ts';

const started: RunEvent = { kind: 'started', pid: 1, command: 'true' };
const elected: RunEvent = { kind: 'elected', fencingToken: '1', transitions: 0 };
const standingBy = (record: LeaderRecord): RunEvent => ({
  kind: 'standing-by',
  record,
  freeInMs: 1,
  givesUpInMs: Infinity,
});

function stage(other: Partial<LeaderRecord> | undefined, lock: Partial<Lock> = {}) {
  const clock = new FakeClock();
  const server = new MemoryLockServer();
  const renewTimeUs = clock.wall() * 1_000;
  if (other) server.edit({ ...sampleRecord, renewTimeUs, ...other });
  const said: string[] = [];
  const stop = new AbortController();
  const hear = lookForOtherKind({
    clock,
    others: () =>
      Promise.resolve([
        { name: 'ConfigMap', migration: 'configmap+lease', lock: { ...server.handle(), ...lock } },
      ]),
    leaseDurationMs: 15_000,
    signal: stop.signal,
    warn: (message) => said.push(message),
  });
  return { clock, server, said, stop, hear };
}

describe('a live record of another kind', () => {
  test.each<[string, RunEvent[]]>([
    ['we lead', [elected, started]],
    ['we stand by', [standingBy({ ...sampleRecord, holder: 'a third' })]],
  ])('is told once, a while after %s', async (_, events) => {
    const { clock, server, said, hear } = stage({});
    for (const event of events) hear(event);
    await clock.advance(600);
    expect(server.calls).toEqual([]);
    await clock.advance(200);
    expect(said).toEqual([expect.stringMatching(/ConfigMap.*: me\..*configmap\+lease/)]);
    for (const event of [...events, ...events]) hear(event);
    await clock.advance(60_000);
    expect(server.calls).toHaveLength(1);
  });
});

describe('nothing is said of', () => {
  test.each<[string, Partial<LeaderRecord> | undefined, Partial<Lock>?]>([
    ['nothing', undefined],
    ['a lock that is free', { holder: '' }],
    ['one whose holder looks dead', { renewTimeUs: 1 }],
    ['one whose times nobody knows', { renewTimeUs: undefined }],
    [
      'one that is not ours to see',
      {},
      { read: () => Promise.reject(new LockFault('denied', 'no')) },
    ],
    [
      'a lock that falls',
      {},
      {
        read: () => {
          throw new Error('a fall');
        },
      },
    ],
  ])('%s', async (_, record, lock) => {
    const { clock, said, hear } = stage(record, lock);
    hear(started);
    await clock.advance(60_000);
    expect(said).toEqual([]);
  });

  test('whom we stand by for: who leads in both', async () => {
    const { clock, server, said, hear } = stage({});
    hear(standingBy(server.record!));
    await clock.advance(60_000);
    expect(server.calls).toHaveLength(1);
    expect(said).toEqual([]);
  });

  test('anything, after the end', async () => {
    const { clock, server, hear, stop } = stage({});
    hear(started);
    stop.abort();
    await clock.advance(60_000);
    expect(server.calls).toEqual([]);
  });
});
