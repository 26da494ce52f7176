/** What anybody sees first: one candidate at a time, with the least-privilege Role and default timings. */
import { describe, expect } from 'vitest';
import { test } from './support/fixtures.ts';
import { isReleased } from './support/lease.ts';

const microTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const byDefault = { flags: [] };

describe.concurrent('the demo', () => {
  test('prints exactly hello, exits 0 and leaves a released Lease', async ({ contest }) => {
    const candidate = await contest.join('a', { ...byDefault, command: ['echo', 'hello'] });
    expect(await candidate.ended).toEqual({ code: 0, signal: null });
    expect(candidate.stdout).toBe('hello\n');
    expect((await contest.lease())?.spec).toEqual({
      holderIdentity: '',
      leaseDurationSeconds: 1,
      leaseTransitions: 0,
      acquireTime: expect.stringMatching(microTime) as string,
      renewTime: expect.stringMatching(microTime) as string,
    });
  });

  test('counts a transition for every change of holder but the first', async ({ contest }) => {
    for (const transitions of [0, 1, 2]) {
      const candidate = await contest.join(`candidate-${transitions}`, {
        ...byDefault,
        command: ['sh', '-c', 'echo $LEADER_TRANSITIONS'],
      });
      await candidate.ended;
      expect(candidate.stdout).toBe(`${transitions}\n`);
      expect((await contest.lease())?.spec.leaseTransitions).toBe(transitions);
    }
  });

  test('hands the command tokens that grow, also when the Lease is created anew', async ({
    contest,
  }) => {
    const account = await contest.account('a');
    const tokens: bigint[] = [];
    for (let term = 0; term < 3; term++) {
      const command = ['sh', '-c', 'echo $LEADER_FENCING_TOKEN'];
      const candidate = await contest.join('a', { ...byDefault, account, command });
      await candidate.ended;
      tokens.push(BigInt(candidate.stdout.trim()));
      if (term === 1) await contest.deleteLease();
    }
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => Number(a - b)));
  });

  test.for([
    ['exit 0', 0],
    ['exit 1', 1],
    ['exit 7', 7],
    ['exit 42', 42],
    ['exit 255', 255],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
    ['kill -SEGV $$', 139],
  ] as const)('a command that does `%s` ends us with %i', async ([script, code], { contest }) => {
    const candidate = await contest.join('a', { ...byDefault, command: ['sh', '-c', script] });
    expect(await candidate.ended).toEqual({ code, signal: null });
    expect(isReleased((await contest.lease())!.spec)).toBe(true);
  });

  test.for([
    ['/etc/passwd', 126],
    ['/etc', 126],
    ['no-such-command', 127],
  ] as const)(
    '%s as a command ends with %i and asks the server nothing',
    async ([command, code], { contest }) => {
      const candidate = await contest.join('a', { ...byDefault, command: [command] });
      expect(await candidate.ended).toEqual({ code, signal: null });
      expect(await contest.requests('a')).toEqual([]);
      expect(await contest.lease()).toBeUndefined();
    },
  );
});

describe.concurrent('what is not ours in a Lease', () => {
  const foreign = {
    labels: { team: 'platform' },
    annotations: { 'example.com/note': 'written by hand' },
    finalizers: ['example.com/hold'],
    ownerReferences: [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: '4b1d7d0e-0000-0000-0000-1234' },
    ],
  };

  test('survives a claim, renewals and a release', async ({ contest }) => {
    await contest.createLease({}, foreign);
    const candidate = await contest.join('a');
    const won = await contest.leaseOnce(({ holderIdentity }) => Boolean(holderIdentity));
    expect(won.metadata).toMatchObject(foreign);
    expect(won.spec.leaseTransitions).toBe(1);

    await contest.leaseOnce(({ renewTime }) => renewTime !== won.spec.renewTime);
    candidate.signal('SIGTERM');
    expect(await candidate.ended).toEqual({ code: 143, signal: null });
    const released = (await contest.lease())!;
    expect(isReleased(released.spec)).toBe(true);
    expect(released.metadata).toMatchObject(foreign);
  });

  test('survives when it is changed before each renewal, which costs a read and not the term', async ({
    contest,
  }) => {
    const candidate = await contest.join('a');
    await candidate.told('started');
    for (let round = 1; round <= 3; round++) {
      const annotations = { [`round-${round}`]: 'written by hand' };
      const { spec } = await contest.patchLease({ metadata: { annotations } });
      await contest.leaseOnce(({ renewTime }) => renewTime !== spec.renewTime);
    }
    candidate.signal('SIGTERM');
    await candidate.ended;
    const names = Object.keys((await contest.lease())?.metadata.annotations ?? {});
    expect(names).toEqual(['k8s-leader.dev/history', 'round-1', 'round-2', 'round-3']);
    const perRound = ['update 409', 'get 200', 'update 200'];
    const thrice = [...perRound, ...perRound, ...perRound];
    expect(await contest.looksAndWrites('a')).toEqual([
      'get 404',
      'create 201',
      ...thrice,
      'update 200',
    ]);
  });
});

describe.concurrent('the identity', () => {
  const command = ['sh', '-c', 'echo $LEADER_IDENTITY'];

  test('of two without --identity differs', async ({ contest }) => {
    const account = await contest.account('a');
    const identities: string[] = [];
    for (let count = 0; count < 2; count++) {
      const candidate = await contest.join('a', { ...byDefault, account, command });
      await candidate.ended;
      identities.push(candidate.stdout);
    }
    expect(identities[0]).not.toBe(identities[1]);
  });

  test('begins with the name of the pod', async ({ contest }) => {
    const env = { POD_NAME: 'worker-0' };
    const candidate = await contest.join('a', { ...byDefault, command, env });
    await candidate.ended;
    expect(candidate.stdout).toMatch(/^worker-0_[0-9a-f-]{36}\n$/);
  });
});
