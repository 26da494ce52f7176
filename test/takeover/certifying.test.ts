/** The line is there before the Lease says where its holder lives. */
import { expect, test } from 'vitest';
import type { LeaderRecord } from '../../src/election/lock.ts';
import { certifying } from '../../src/takeover/certifying.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryLockServer } from '../../src/testing/memory-lock.ts';

const dwelling = { namespace: 'jobs', pod: 'web-0', uid: 'u-1', container: 'main', mark: 'm-1' };
const claim: LeaderRecord = {
  holder: 'a',
  leaseDurationMs: 15_000,
  acquireTimeUs: 5,
  renewTimeUs: 5,
  transitions: 0,
};
const free = { ...claim, holder: '', leaseDurationMs: 1_000, acquireTimeUs: 9, renewTimeUs: 9 };
const how = { signal: new AbortController().signal };

function stage(add: () => Promise<void> = () => Promise.resolve()) {
  const server = new MemoryLockServer();
  const clock = new FakeClock();
  const told: string[] = [];
  const network = {
    onTheWayThere: () => {
      told.push('write');
    },
  };
  const log = {
    name: 'the log',
    add: async (mark: string) => {
      told.push(`add ${mark}`);
      await add();
    },
    remove: (mark: string) => {
      told.push(`remove ${mark}`);
      return Promise.resolve();
    },
  };
  const warn = (message: string) => {
    told.push(message);
  };
  const lock = certifying(server.handle(network), { clock, dwelling, log, warn });
  return { server, clock, told, lock };
}

test('once a term: before its claim, and not after its release', async () => {
  const { server, told, lock } = stage();
  await lock.write(claim, undefined, how);
  expect(server.record?.home).toEqual({ holder: 'a', acquireTimeUs: 5, facts: dwelling });
  await lock.write({ ...claim, renewTimeUs: 6 }, server.current, how);
  expect(server.record?.home?.facts).toEqual(dwelling);
  await lock.write(free, server.current, how);
  expect(server.record).not.toHaveProperty('home');
  await lock.write({ ...claim, acquireTimeUs: 10 }, server.current, how);
  expect(told).toEqual(['add m-1', 'write', 'write', 'write', 'remove m-1', 'add m-1', 'write']);
});

test('a release that meets a conflict leaves the line', async () => {
  const { server, told, lock } = stage();
  await lock.write(claim, undefined, how);
  const { current } = server;
  server.edit({ ...claim, holder: 'b' });
  expect(await lock.write(free, current, how)).toEqual({ kind: 'conflict' });
  expect(told).not.toContain('remove m-1');
});

test('without the line the term has no home, and that is told once', async () => {
  const { server, told, lock } = stage(() => Promise.reject(new Error('EROFS')));
  await lock.write(claim, undefined, how);
  await lock.write({ ...claim, renewTimeUs: 6 }, server.current, how);
  expect(server.record).not.toHaveProperty('home');
  expect(told.filter((line) => line.includes('EROFS'))).toHaveLength(1);
});

test('a disk that hangs does not cost the claim', async () => {
  const { server, clock, lock } = stage(() => new Promise(() => undefined));
  const written = lock.write(claim, undefined, how);
  await clock.advance(500);
  expect((await written).kind).toBe('written');
  expect(server.record).not.toHaveProperty('home');
});

test('with a long lease the disk has longer, as the next chance is farther away', async () => {
  const { server, clock, lock } = stage(() => clock.sleep(3_000));
  const written = lock.write({ ...claim, leaseDurationMs: 120_000 }, undefined, how);
  await clock.advance(3_000);
  expect((await written).kind).toBe('written');
  expect(server.record?.home?.facts).toEqual(dwelling);
});
