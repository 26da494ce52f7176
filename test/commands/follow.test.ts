import { expect, onTestFinished, test } from 'vitest';
import { follow } from '../../src/commands/follow.ts';
import { LockFault, type Lock, type LeaderRecord } from '../../src/election/lock.ts';
import { WatchPost } from '../election/watch-post.ts';
import { atRest, FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryLockServer } from '../../src/testing/memory-lock.ts';
import { sampleRecord } from '../support/record.ts';

interface Scene {
  readonly clock: FakeClock;
  readonly server: MemoryLockServer;
  /** `holder`, `-` for nobody or nothing, and what is said about faults. */
  readonly shown: string[];
  /** What every look or watch throws, while it is set. */
  readonly faults: { read?: LockFault | undefined; watch?: LockFault | undefined };
  readonly ending: Promise<void>;
  stop(): Promise<void>;
}

function record(clock: FakeClock, holder: string): LeaderRecord {
  return { ...sampleRecord, holder, renewTimeUs: clock.wall() * 1_000 };
}

function scene(watched: 'watched' | 'unwatched', holder?: string, faults: Scene['faults'] = {}) {
  const clock = new FakeClock();
  const server = new MemoryLockServer();
  const post = new WatchPost(server);
  if (holder !== undefined) server.edit(record(clock, holder));
  const shown: string[] = [];
  const stopped = new AbortController();
  const { read, write } = server.handle();
  const lock: Lock = {
    read: (how) => (faults.read ? Promise.reject(faults.read) : read(how)),
    write,
    ...(watched === 'watched' && {
      watch: (signal) => (faults.watch ? Promise.reject(faults.watch) : post.watch(signal)),
    }),
  };
  const ending = follow(
    { lock, clock, signal: stopped.signal, requestTimeoutMs: 5_000, pauseMs: 2_000 },
    {
      see: (seen) => {
        // A watch begins with what has just been read.
        const holder = seen?.record.holder || '-';
        if (shown.at(-1) !== holder) shown.push(holder);
      },
      outOfReach: ({ message }) => shown.push(`out of reach: ${message}`),
      inReach: () => shown.push('in reach'),
      unwatched: ({ message }) => shown.push(`unwatched: ${message}`),
    },
  );
  const stop = async () => {
    stopped.abort();
    await ending;
    await atRest();
    expect(clock.sleepers).toBe(0);
  };
  const made: Scene = { clock, server, shown, faults, ending, stop };
  return made;
}

const denied = new LockFault('denied', 'no');
const down = new LockFault('unreachable', 'down');

test.each(['at the first look', 'at a change'])('%s the onlooker can end it', async (when) => {
  const clock = new FakeClock();
  const server = new MemoryLockServer();
  const post = new WatchPost(server);
  const { read, write } = server.handle();
  const lock: Lock = { read, write, watch: (signal) => post.watch(signal) };
  const over = new AbortController();
  let sights = 0;
  const last = when === 'at a change' ? 3 : 1;
  server.edit(record(clock, 'a'));
  const ending = follow(
    { lock, clock, signal: over.signal, requestTimeoutMs: 5_000, pauseMs: 2_000 },
    {
      see() {
        sights += 1;
        if (sights === last) over.abort();
      },
      outOfReach: () => undefined,
      inReach: () => undefined,
      unwatched: () => undefined,
    },
  );
  await clock.advance(0);
  server.edit(record(clock, 'b'));
  server.edit(record(clock, 'c'));
  await clock.advance(0);
  await ending;
  expect(sights).toBe(last);
  expect(clock.sleepers).toBe(0);
});

test('a watch shows each change at once, without further looks', async () => {
  const { clock, server, shown, stop } = scene('watched', 'a');
  await clock.advance(0);
  server.edit(record(clock, 'b'));
  server.edit(undefined);
  await clock.advance(0);
  expect(shown).toEqual(['a', 'b', '-']);
  expect(server.calls).toHaveLength(1);
  await stop();
});

test('where there is no watch it looks every now and then', async () => {
  const { clock, server, shown, stop } = scene('unwatched');
  await clock.advance(0);
  server.edit(record(clock, 'a'));
  await clock.advance(2_000);
  expect(shown).toEqual(['-', 'a']);
  await stop();
});

test('a watch that is forbidden is not asked for again, and that is said once', async () => {
  const { clock, shown, stop } = scene('watched', 'a', { watch: denied });
  await clock.advance(6_000);
  expect(shown).toEqual(['a', 'unwatched: no', 'a']);
  await stop();
});

test('a watch that breaks is asked for again', async () => {
  const { clock, faults, server, shown, stop } = scene('watched', 'a', { watch: down });
  await clock.advance(1_000);
  faults.watch = undefined;
  await clock.advance(1_000);
  server.edit(record(clock, 'b'));
  await clock.advance(0);
  expect(shown).toEqual(['a', 'b']);
  await stop();
});

test('a silent watch is looked behind when the lease should be over', async () => {
  const { clock, server, shown, stop } = scene('watched', 'a');
  await clock.advance(15_000);
  expect(server.calls).toHaveLength(1);
  await clock.advance(100);
  expect(server.calls).toHaveLength(2);
  // And it goes on: what is over is not asked for again.
  await clock.advance(60_000);
  expect(server.calls).toHaveLength(2);
  server.edit(record(clock, 'b'));
  await clock.advance(0);
  expect(shown).toEqual(['a', 'b']);
  await stop();
});

test('being out of reach is said once, and its end', async () => {
  const { clock, faults, shown, stop } = scene('unwatched', 'a');
  await clock.advance(0);
  faults.read = down;
  await clock.advance(10_000);
  faults.read = undefined;
  await clock.advance(2_000);
  expect(shown).toEqual(['a', 'out of reach: down', 'in reach', 'a']);
  await stop();
});

test('the first look must succeed', async () => {
  const { ending } = scene('watched', 'a', { read: denied });
  await expect(ending).rejects.toBe(denied);
});

test('a stale sighting is not shown', async () => {
  const server = new MemoryLockServer();
  const clock = new FakeClock();
  server.edit(record(clock, 'old'));
  const old = server.current!;
  server.edit(record(clock, 'new'));
  const stopped = new AbortController();
  onTestFinished(() => {
    stopped.abort();
  });
  const shown: string[] = [];
  async function* replay() {
    yield { version: old.version, seen: old };
    await new Promise(() => undefined);
  }
  const lock: Lock = { ...server.handle(), watch: () => Promise.resolve(replay()) };
  const ignored = () => undefined;
  void follow(
    { lock, clock, signal: stopped.signal, requestTimeoutMs: 1, pauseMs: 1 },
    {
      see: (seen) => shown.push(seen?.record.holder ?? '-'),
      outOfReach: ignored,
      inReach: ignored,
      unwatched: ignored,
    },
  );
  await clock.advance(0);
  expect(shown).toEqual(['new']);
});
