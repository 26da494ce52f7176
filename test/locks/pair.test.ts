/** One lock in two: what both say together, in which order they are written, and what is left when that goes wrong. */
import { describe, expect, it, test } from 'vitest';
import {
  LockFault,
  type LeaderRecord,
  type Lock,
  type Sighting,
  type Versioned,
} from '../../src/election/lock.ts';
import { pairLock } from '../../src/locks/pair.ts';
import { MemoryLockServer, type Network } from '../../src/testing/memory-lock.ts';
import { sampleRecord } from '../support/record.ts';

const ours: LeaderRecord = sampleRecord;
const renewed = { ...ours, renewTimeUs: ours.renewTimeUs! + 5 };
const theirs = { ...ours, holder: 'you', acquireTimeUs: 7, renewTimeUs: 8, transitions: 9 };
const released: LeaderRecord = { ...theirs, holder: '', leaseDurationMs: 1_000 };
const cleared: LeaderRecord = { ...theirs, holder: '', leaseDurationMs: undefined };
const nobody = {
  holder: 'leaderelection.k8s.io/unknown',
  leaseDurationMs: 15_000,
  acquireTimeUs: undefined,
  renewTimeUs: ours.renewTimeUs,
  transitions: 9,
};

const stepDown = { holder: ours.holder, acquireTimeUs: ours.acquireTimeUs! };
const notes = { stepDown, done: ['a', 'b', 'c'] };

test('a request to step down and keys count in whichever of both they are', async () => {
  const [one, other] = [
    { ...ours, done: ['a', 'b'] },
    { ...renewed, stepDown, done: ['b', 'c'] },
  ];
  for (const says of [
    [one, other],
    [other, one],
  ]) {
    const { lock, seen } = stage(says);
    const { record } = await seen();
    expect({ ...record, done: [...record.done!].sort() }).toEqual({ ...ours, ...notes });
    const free = { ...released, transitions: ours.transitions };
    await lock.write(free, await seen(), patiently);
    expect([...(await seen()).record.done!].sort()).toEqual(notes.done);
    expect((await seen()).record.stepDown).toBeUndefined();
  }
});

const patiently = { signal: new AbortController().signal };

interface Stage {
  readonly first: MemoryLockServer;
  readonly second: MemoryLockServer;
  readonly lock: Lock;
  /** What has been written where, in its order. */
  readonly writes: string[];
  /** What both say now. */
  readonly seen: () => Promise<Versioned>;
}

type Said = LeaderRecord | undefined;

function stage(says: readonly Said[], troubles: readonly (Network | undefined)[] = []) {
  const [first, second] = [new MemoryLockServer(), new MemoryLockServer()];
  if (says[0]) first.edit(says[0]);
  if (says[1]) second.edit(says[1]);
  const writes: string[] = [];
  const noting = (place: string, network: Network = {}): Network => ({
    ...network,
    onTheWayThere: async (call) => {
      if (call.verb === 'write')
        writes.push(
          `${place} ${call.record?.holder === '' ? 'free' : (call.record?.holder ?? '')}`,
        );
      await network.onTheWayThere?.(call);
    },
  });
  const lock = pairLock(
    first.handle(noting('first', troubles[0])),
    second.handle(noting('second', troubles[1])),
  );
  const seen = async () => (await lock.read(patiently))!;
  return { first, second, lock, writes, seen } satisfies Stage;
}

describe('what both say together:', () => {
  test.each<[string, Said, Said, Partial<Versioned> | undefined]>([
    ['nothing is absent', undefined, undefined, undefined],
    ['a release is one, where there is no other', undefined, released, { record: released }],
    ['so it is in both', released, released, { record: released }],
    ['a clearance in either is none', cleared, released, { record: cleared }],
    ['in either', released, cleared, { record: cleared }],
    [
      'one that is held is held',
      ours,
      undefined,
      { record: { ...ours, transitions: 3 }, isTorn: true },
    ],
    ['also where the other is free', released, ours, { record: { ...ours, transitions: 9 } }],
    ['one term', ours, ours, { record: ours }],
    ['the older of two renewals', renewed, ours, { record: ours }],
    ['in any order', ours, renewed, { record: ours }],
    [
      'the longer of two durations',
      { ...ours, leaseDurationMs: 1_000 },
      ours,
      { record: ours, isTorn: true },
    ],
    [
      'what does not last for any time leaves that to the other',
      ours,
      { ...ours, leaseDurationMs: undefined },
      { record: ours, isTorn: true },
    ],
    ['two holders are nobody known', ours, theirs, { record: nobody, isTorn: true }],
    ['in any order, too', theirs, ours, { record: nobody, isTorn: true }],
    [
      'and so are two terms of one',
      ours,
      { ...ours, acquireTimeUs: 1, transitions: 9 },
      { record: nobody, isTorn: true },
    ],
    [
      'who knows no times',
      { ...ours, renewTimeUs: undefined },
      { ...theirs, renewTimeUs: undefined },
      { record: { ...nobody, renewTimeUs: undefined }, isTorn: true },
    ],
  ])('%s', async (_, first, second, expected) => {
    const { lock } = stage([first, second]);
    const seen = await lock.read(patiently);
    if (expected) expect(seen).toMatchObject(expected);
    else expect(seen).toBeUndefined();
    expect(seen?.isTorn ?? false).toBe(
      expected?.isTorn ?? (first?.holder !== second?.holder && !!(first?.holder || second?.holder)),
    );
  });

  test.each<[string, Said, Said, string | undefined]>([
    ['one that was cleared beside one that is held', ours, cleared, 'none+101'],
    ['in any order', cleared, ours, '101+none'],
    ['both', cleared, cleared, '101+101'],
    ['not one that was released', ours, { ...released, acquireTimeUs: 8 }, undefined],
    ['nor one that is not there', undefined, ours, undefined],
  ])('which of them were emptied: %s', async (_, first, second, expected) => {
    expect((await stage([first, second]).seen()).emptied).toBe(expected);
  });

  it('is a new version with each change of each', async () => {
    const { first, second, lock } = stage([ours, ours]);
    const versions = new Set<string | undefined>();
    const look = async () => versions.add((await lock.read(patiently))?.version);
    await look();
    for (const server of [first, second])
      for (const record of [renewed, undefined, released]) {
        server.edit(record);
        await look();
      }
    expect(versions.size).toBe(7);
  });
});

describe('a claim or renewal', () => {
  it('is written into the first, then into the second', async () => {
    const { lock, writes, first, second } = stage([released]);
    const result = await lock.write(ours, await lock.read(patiently), patiently);
    expect(result).toMatchObject({ kind: 'written', current: { record: ours } });
    expect(writes).toEqual(['first me', 'second me']);
    expect([first.record, second.record]).toEqual([ours, ours]);
  });

  it('takes into both what one of them says is done', async () => {
    const { lock, first, second, seen } = stage([{ ...released, done: ['v41'] }, released]);
    await lock.write(ours, await seen(), patiently);
    expect([first.record?.done, second.record?.done]).toEqual([['v41'], ['v41']]);
  });

  it('that meets a conflict in the first is nowhere', async () => {
    const { lock, writes, first, second, seen } = stage([released, released]);
    const basis = await seen();
    first.edit(theirs);
    expect(await lock.write(ours, basis, patiently)).toEqual({ kind: 'conflict' });
    expect(writes).toEqual(['first me']);
    expect([first.record, second.record]).toEqual([theirs, released]);
  });

  test.each([
    ['what was released', released],
    ['what had run out', { ...theirs, holder: 'the dead' }],
  ])('that meets a conflict in the second gives %s back', async (_, before) => {
    const { lock, writes, first, second, seen } = stage([before, released]);
    const basis = await seen();
    second.edit(theirs);
    expect(await lock.write(ours, basis, patiently)).toEqual({ kind: 'conflict', isPartial: true });
    expect(writes).toEqual(['first me', 'second me', 'first free']);
    expect(first.record).toMatchObject({ holder: '', leaseDurationMs: 1_000 });
    expect(second.record).toEqual(theirs);
  });

  test.each<[string, Said, Said]>([
    ['it renews', ours, ours],
    ['it makes a lost half again', undefined, ours],
    ['it fills what was cleared', cleared, released],
    ['nobody knows which, there is nothing', undefined, undefined],
  ])('keeps the first after a conflict in the second where %s', async (_, one, other) => {
    const { lock, first, second } = stage([one, other]);
    const basis = await lock.read(patiently);
    second.edit(theirs);
    const result = await lock.write(renewed, basis, patiently);
    expect(result).toEqual({ kind: 'conflict', isPartial: true });
    expect([first.record, second.record]).toEqual([renewed, theirs]);
  });

  test.each([
    ['denied', ['first me', 'second me', 'first free']],
    ['unsupported', ['first me', 'second me', 'first free']],
    ['unreachable', ['first me', 'second me']],
  ] as const)('whose second half is %s', async (kind, expected) => {
    const fault = new LockFault(kind, 'so it is');
    const refuse: Network = {
      onTheWayThere: ({ verb }) => (verb === 'write' ? Promise.reject(fault) : undefined),
    };
    const { lock, writes, seen } = stage([released, released], [undefined, refuse]);
    await expect(lock.write(ours, await seen(), patiently)).rejects.toBe(fault);
    expect(writes).toEqual(expected);
  });

  it('is not gone on with where an earlier sending has stopped: trust would count from too late', async () => {
    const { lock, first, second, seen } = stage([released, released]);
    const basis = await seen();
    first.edit(ours);
    expect(await lock.write(ours, basis, patiently)).toEqual({ kind: 'conflict' });
    expect(second.record).toEqual(released);
  });

  it('that was given up after the first is not sent to the second', async () => {
    const giveUp = new AbortController();
    const { lock, second, seen } = stage(
      [released, released],
      [
        {
          onTheWayBack: ({ verb }) => {
            if (verb === 'write') giveUp.abort();
          },
        },
      ],
    );
    const claim = lock.write(ours, await seen(), { signal: giveUp.signal });
    await expect(claim).rejects.toMatchObject({ kind: 'unreachable' });
    expect(second.record).toEqual(released);
  });

  it('asks for one new connection, not for two', async () => {
    const { lock, first, second, seen } = stage([released, released]);
    await lock.write(ours, await seen(), { ...patiently, fresh: true });
    expect([first.calls.at(-1)?.fresh, second.calls.at(-1)?.fresh]).toEqual([true, false]);
  });
});

describe('a release', () => {
  it('is written into the second, then into the first', async () => {
    const { lock, writes, seen } = stage([ours, ours]);
    const result = await lock.write(released, await seen(), patiently);
    expect(result).toMatchObject({ kind: 'written', current: { record: released } });
    expect(writes).toEqual(['second free', 'first free']);
  });

  it('of half a claim leaves the other half alone', async () => {
    for (const other of [undefined, released]) {
      const { lock, writes, seen } = stage([ours, other]);
      const result = await lock.write({ ...released, transitions: 3 }, await seen(), patiently);
      expect(result).toMatchObject({ kind: 'written', current: { record: { holder: '' } } });
      expect(writes).toEqual(['first free']);
      expect((await seen()).record.holder).toBe('');
    }
  });

  it('that meets a conflict in the second is nowhere, in the first it is half-way', async () => {
    for (const place of ['second', 'first'] as const) {
      const scene = stage([ours, ours]);
      const basis = await scene.seen();
      scene[place].edit(theirs);
      const isPartial = place === 'first' ? { isPartial: true } : {};
      const result = await scene.lock.write(released, basis, patiently);
      expect(result).toEqual({ kind: 'conflict', ...isPartial });
      expect(scene[place].record).toEqual(theirs);
    }
  });
});

/** A watch on that server, which shows what there is first, and ends at `end`. */
function watched(server: MemoryLockServer): { lock: Lock; end: () => void; isOver: () => boolean } {
  let over: AbortSignal | undefined;
  let end: () => void = () => undefined;
  const watch = (signal: AbortSignal): Promise<AsyncIterable<Sighting>> => {
    over = signal;
    const stream = new ReadableStream<Sighting>({
      start(controller) {
        const { current } = server;
        if (current) controller.enqueue({ version: current.version, seen: current });
        server.onChange((sighting) => {
          controller.enqueue(sighting);
        });
        let isClosed = false;
        end = () => {
          if (!isClosed) controller.close();
          isClosed = true;
        };
        signal.addEventListener('abort', end, { once: true });
      },
    });
    return Promise.resolve(stream);
  };
  return {
    lock: { ...server.handle(), watch },
    end: () => {
      end();
    },
    isOver: () => over?.aborted ?? false,
  };
}

describe('a watch', () => {
  const open = async (says: readonly Said[]) => {
    const { first, second } = stage(says);
    const [one, other] = [watched(first), watched(second)];
    const stop = new AbortController();
    const stream = await pairLock(one.lock, other.lock).watch!(stop.signal);
    const sightings = stream[Symbol.asyncIterator]();
    const next = async () => (await sightings.next()).value as Sighting | undefined;
    return { first, second, one, other, stop, next };
  };

  it('shows both first, also where one is absent, and then every change of either', async () => {
    const { first, second, next } = await open([theirs]);
    expect(await next()).toMatchObject({ version: '101+none', seen: { record: theirs } });
    second.edit(theirs);
    expect(await next()).toMatchObject({ version: '101+101', seen: { record: theirs } });
    first.edit(released);
    const { version, seen } = (await next())!;
    expect([version, seen?.isTorn, seen?.record.holder]).toEqual(['102+101', true, 'you']);
    second.edit(undefined);
    expect(await next()).toMatchObject({ version: '102+102', seen: { record: released } });
    first.edit(undefined);
    expect(await next()).toEqual({ version: '103+102', seen: undefined });
  });

  it('passes over what it has shown already', async () => {
    const { first, next } = await open([ours, ours]);
    await next();
    first.edit(renewed);
    expect(await next()).toMatchObject({ version: '102+101' });
  });

  test.each(['one', 'other'] as const)('ends when %s does, and ends both', async (which) => {
    const scene = await open([ours, ours]);
    await scene.next();
    scene[which].end();
    expect(await scene.next()).toBeUndefined();
    expect([scene.one.isOver(), scene.other.isOver()]).toEqual([true, true]);
  });

  it('ends both when it is given up', async () => {
    const { stop, one, other, next } = await open([ours, ours]);
    await next();
    stop.abort();
    expect(await next()).toBeUndefined();
    expect([one.isOver(), other.isOver()]).toEqual([true, true]);
  });

  it('that one of them refuses is refused', async () => {
    const { first, second } = stage([ours, ours]);
    const one = watched(first);
    const fault = new LockFault('denied', 'no watching');
    const refusing: Lock = { ...second.handle(), watch: () => Promise.reject(fault) };
    const opening = pairLock(one.lock, refusing).watch!(patiently.signal);
    await expect(opening).rejects.toBe(fault);
    expect(one.isOver()).toBe(true);
  });

  it('is there only where both can be watched', () => {
    const { first, second } = stage([]);
    expect(pairLock(watched(first).lock, second.handle()).watch).toBeUndefined();
  });
});
