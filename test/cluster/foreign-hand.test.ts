/** What people and other programs do to a Lease, and what the candidates make of it. */
import { describe, expect } from 'vitest';
import { swift, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import type { LeaseSpec } from './support/lease.ts';
import { gapsMs } from './support/lives.ts';

const microNow = () => new Date().toISOString().replace('Z', '000Z');

async function leader(contest: Contest) {
  const a = await contest.join('a', { command: contest.life('deaf', 'family') });
  await contest.nthLife(1, 2);
  return a;
}

describe.concurrent('a leader whose Lease is', () => {
  test('patched to a stranger kills its group and writes nothing over it', async ({ contest }) => {
    const a = await leader(contest);
    const { length } = await contest.looksAndWrites('a');
    const { spec } = await contest.patchLease({ spec: { holderIdentity: 'stranger' } });
    const patchedAt = performance.now();
    expect((await a.told('lost')).message).toBe('leadership lost: "stranger" holds the lock');
    expect(await a.ended).toEqual({ code: 79, signal: null });
    expect(performance.now() - patchedAt).toBeLessThan(4_000);
    expect((await contest.lease())?.spec).toEqual(spec);
    const since = (await contest.looksAndWrites('a')).slice(length);
    expect(since).toEqual(['update 409', 'get 200']);
  });

  test('patched to a stranger stands by for it when it rejoins, for as long as the record says', async ({
    contest,
  }) => {
    const a = await contest.join('a', { flags: [...swift, '--on-lost=rejoin'] });
    await contest.nthLife(1);
    await contest.patchLease({ spec: { holderIdentity: 'stranger', leaseDurationSeconds: 3 } });
    await a.told('lost');
    await a.told('standing-by');
    await contest.nthLife(2);
    expect(gapsMs(await contest.lives())[0]).toBeGreaterThan(2_500);
    expect((await contest.lease())?.spec.leaseTransitions).toBe(1);
  });

  test('deleted creates it again, with its command unaffected', async ({ contest }) => {
    const a = await leader(contest);
    const before = (await contest.lease())!;
    await contest.deleteLease();
    expect((await a.told('restored')).message).toMatch(/deleted/);
    const after = (await contest.lease())!;
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.spec).toEqual({ ...before.spec, renewTime: after.spec.renewTime });
    expect(await contest.lives()).toHaveLength(1);
    expect(a.log.map(({ event }) => event)).toEqual(['elected', 'started', 'restored']);
  });

  test('deleted and created by a stranger has lost it, and leaves it alone', async ({
    contest,
  }) => {
    const a = await leader(contest);
    // Whoever watches creates it again at once.
    a.signal('SIGSTOP');
    await contest.deleteLease();
    const { spec } = await contest.createLease({
      holderIdentity: 'stranger',
      leaseDurationSeconds: 15,
      renewTime: microNow(),
    });
    a.signal('SIGCONT');
    await a.told('lost');
    expect(await a.ended).toEqual({ code: 79, signal: null });
    expect((await contest.lease())?.spec).toEqual(spec);
  });

  test.for<[string, LeaseSpec]>([
    ['a shorter duration', { leaseDurationSeconds: 1 }],
    ['a duration of ten years', { leaseDurationSeconds: 315_360_000 }],
    ['no duration', { leaseDurationSeconds: null }],
    ['no holder', { holderIdentity: null }],
    ['an empty holder', { holderIdentity: '' }],
    ['other transitions', { leaseTransitions: 7 }],
  ])('given %s restores it, with its command unaffected', async ([, edit], { contest }) => {
    const a = await leader(contest);
    const before = (await contest.lease())!.spec;
    await contest.patchLease({ spec: edit });
    await a.told('restored');
    const after = (await contest.lease())!.spec;
    expect(after).toEqual({ ...before, renewTime: after.renewTime });
    expect(a.log.map(({ event }) => event)).toEqual(['elected', 'started', 'restored']);
  });
});

describe.concurrent('a candidate that finds a Lease', () => {
  test.for<[string, LeaseSpec]>([
    ['with an empty spec', {}],
    ['with an empty holder', { holderIdentity: '', leaseDurationSeconds: 15 }],
    ['as a client-go elector releases it', { holderIdentity: '', leaseDurationSeconds: 1 }],
    [
      'with nothing but nulls',
      {
        holderIdentity: null,
        leaseDurationSeconds: null,
        acquireTime: null,
        renewTime: null,
        leaseTransitions: null,
      },
    ],
  ])('%s takes it at once', async ([, spec], { contest }) => {
    await contest.createLease(spec);
    const a = await contest.join('a', { command: ['true'] });
    expect(await a.ended).toEqual({ code: 0, signal: null });
    expect(await contest.looksAndWrites('a')).toEqual(['get 200', 'update 200', 'update 200']);
    expect((await contest.lease())?.spec.leaseTransitions).toBe(1);
  });

  test('of a dead holder without a duration waits for its own', async ({ contest }) => {
    await contest.createLease({ holderIdentity: 'dead' });
    const startedAt = performance.now();
    const a = await contest.join('a', {
      flags: ['--lease-duration=3s', '--renew-deadline=2s', '--retry-period=1s'],
      command: ['true'],
    });
    expect(await a.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedAt).toBeGreaterThan(3_000);
  });

  test('whose holder renewed in the future or long ago waits for the duration that it says', async ({
    contest,
  }) => {
    for (const renewTime of ['2999-01-01T00:00:00.000000Z', '1999-01-01T00:00:00.000000Z']) {
      await contest.createLease({ holderIdentity: 'dead', leaseDurationSeconds: 2, renewTime });
      const startedAt = performance.now();
      const a = await contest.join(`at-${renewTime.slice(0, 4)}`, { command: ['true'] });
      expect(await a.ended).toEqual({ code: 0, signal: null });
      expect(performance.now() - startedAt).toBeGreaterThan(2_000);
      await contest.deleteLease();
    }
  });

  test('of ten years held by a dead holder waits, until a person releases it', async ({
    contest,
  }) => {
    const renewTime = microNow();
    await contest.createLease({
      holderIdentity: 'dead',
      leaseDurationSeconds: 315_360_000,
      renewTime,
    });
    const a = await contest.join('a', { command: ['true'] });
    expect((await a.told('standing-by')).message).toContain('87600h');
    await contest.patchLease({ spec: { holderIdentity: '', leaseDurationSeconds: 1 } });
    expect(await a.ended).toEqual({ code: 0, signal: null });
  });
});
