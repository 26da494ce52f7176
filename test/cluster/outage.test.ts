/** The control plane itself fails, for everybody at once. One test after the other: they share it. */
import { describe, expect } from 'vitest';
import { patient, swift, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { gapsMs } from './support/lives.ts';

async function rivals(contest: Contest, flags: readonly string[]) {
  const a = await contest.join('a', { flags, command: contest.life('deaf', 'family') });
  await contest.nthLife(1, 2);
  const b = await contest.join('b', { flags });
  await b.told('standing-by');
  return { a, b };
}

describe('a server that is killed and started again', () => {
  test('before the renew deadline is not noticed by the command', async ({ contest }) => {
    const { apiserver } = contest.controlPlane;
    const { a, b } = await rivals(contest, patient);
    await apiserver.stop();
    await apiserver.start();
    await contest.nextRequests('a', 3);
    expect(a.log.map(({ event }) => event)).not.toContain('stopping');
    expect(b.log.map(({ event }) => event)).not.toContain('elected');
    expect(await contest.lives()).toHaveLength(1);
  });

  test('after the renew deadline finds the command stopped, then another leads', async ({
    contest,
  }) => {
    const { apiserver } = contest.controlPlane;
    const { a } = await rivals(contest, swift);
    await apiserver.stop();
    expect(await a.ended).toEqual({ code: 79, signal: null });
    await apiserver.start();
    await contest.nthLife(2);
    expect(gapsMs(await contest.lives())[0]).toBeGreaterThan(0);
  });

  test('after the renew deadline is led by one of those that rejoin', async ({ contest }) => {
    const { apiserver } = contest.controlPlane;
    const { a } = await rivals(contest, [...swift, '--on-lost', 'rejoin']);
    await apiserver.stop();
    await a.told('lost');
    await a.told('out-of-reach');
    await apiserver.start();
    await contest.nthLife(2);
    expect(gapsMs(await contest.lives())[0]).toBeGreaterThan(0);
  });

  test('in an orderly manner is not noticed either', async ({ contest }) => {
    const { apiserver } = contest.controlPlane;
    const { a } = await rivals(contest, patient);
    await apiserver.stop('SIGTERM');
    await apiserver.start();
    await contest.nextRequests('a', 3);
    expect(a.log.map(({ event }) => event)).not.toContain('stopping');
    expect(await contest.lives()).toHaveLength(1);
  });
});

describe.each(['apiserver', 'etcd'] as const)('%s frozen past the renew deadline', (part) => {
  test('stops the command in time, and whoever leads next does so alone', async ({ contest }) => {
    const server = contest.controlPlane[part];
    const { a } = await rivals(contest, [...swift, '--on-lost', 'rejoin']);
    server.pause();
    await a.told('lost');
    await a.told('exited');
    server.resume();
    await contest.nthLife(2);
    expect(gapsMs(await contest.lives())[0]).toBeGreaterThan(0);
  });
});
