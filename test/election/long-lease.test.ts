/** The timings that docs/deployment.md has for `--takeover-on-exit`: a lease of two minutes, renewed every 20 s. */
import { readFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { parse } from '../../src/cli/parse.ts';
import { LockFault } from '../../src/election/lock.ts';
import { Scene, type Replica } from './scene.ts';
import { WatchPost } from './watch-post.ts';

const minute = 60_000;

/** As they are written there. */
function documented() {
  const page = readFileSync(new URL('../../docs/deployment.md', import.meta.url), 'utf8');
  const [, line = ''] = /(--takeover-on-exit \\\n[^\n]*?) -- /.exec(page) ?? [];
  const words = line.split(/[\s\\]+/);
  const read = parse(['run', '--lock', 'worker', ...words, '--', 'ls'], {}, { version: '1' });
  if (read.kind !== 'run') throw new Error('not a command line of run');
  return read.options;
}

const { timing, requestTimeoutMs, takeoverOnExit, warnings } = documented();

let scene: Scene;
let post: WatchPost;
let leader: Replica;
let standby: Replica;

beforeEach(async () => {
  scene = new Scene();
  post = new WatchPost(scene.server);
  leader = scene.replica('a', { timing, requestTimeoutMs }, post.watch);
  standby = scene.replica('b', { timing, requestTimeoutMs }, post.watch);
  await leader.lead();
  standby.campaign();
  await scene.clock.advance(1_000);
});

test('are a lease of two minutes, and nothing to warn of', () => {
  expect(timing).toEqual({
    leaseDurationMs: 120_000,
    renewDeadlineMs: 110_000,
    retryPeriodMs: 20_000,
  });
  expect([takeoverOnExit, warnings]).toEqual([true, []]);
});

test('cost three writes a minute; a standby that watches reads once', async () => {
  const writes = leader.writes.length;
  await scene.clock.advance(10 * minute);
  expect(leader.writes.length - writes).toBeLessThanOrEqual(3 * 10);
  expect([standby.reads.length, standby.writes.length]).toEqual([1, 0]);
  expect(scene.leading).toEqual(['a']);
});

test.each<[string, number, () => void]>([
  [
    'refuses connections',
    88_000,
    () => {
      leader.wire.rule = () => ({ there: new LockFault('unreachable', 'refused') });
    },
  ],
  [
    'does not answer',
    79_000,
    () => {
      leader.wire.cut();
    },
  ],
])('outlast a server that %s for %i ms, just before a renewal', async (_, awayMs, away) => {
  await scene.clock.advance(18_800);
  expect(leader.writes).toHaveLength(1);
  away();
  await scene.clock.advance(awayMs);
  leader.wire.heal();
  await scene.clock.advance(25_000);
  expect(leader.term?.loss).toBeUndefined();
  await scene.clock.advance(5 * minute);
  expect([leader.term?.loss, scene.leading]).toEqual([undefined, ['a']]);
  expect(leader.told).toContain('renewal-recovered');
});

test('a server that is away is asked more than once in a retry period, but not in a hurry', async () => {
  leader.wire.rule = () => ({ there: new LockFault('unreachable', 'refused') });
  const before = leader.wire.calls.length;
  await scene.clock.advance(85_000);
  const asked = leader.wire.calls.length - before;
  expect(asked).toBeGreaterThan(4);
  expect(asked).toBeLessThan(20);
});

test('a watch that has gone silent is found out before the lease could have run out', async () => {
  post.isSilent = true;
  const { reads } = standby;
  const asked = post.asked;
  await scene.clock.advance(60_000);
  expect(standby.reads.length).toBeGreaterThan(reads.length);
  expect(post.asked).toBeGreaterThan(asked);
  expect(scene.leading).toEqual(['a']);
});
