/** `k8s-leader status` on a real server: every kind, hostile records, missing permissions, live. */
import { describe, expect } from 'vitest';
import type { LockStatus } from '../../src/commands/status-report.ts';
import { leaseRules } from './support/accounts.ts';
import type { Candidate } from './support/candidate.ts';
import { lock, swift, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { until } from './support/until.ts';

const asJson = ['-o', 'json'];

/** `k8s-leader status` as an account that may get Leases, unless another kubeconfig is given. */
async function status(
  contest: Contest,
  flags: readonly string[],
  kubeconfig?: string,
): Promise<Candidate> {
  const config = kubeconfig ?? (await contest.account('onlooker', leaseRules('get'))).kubeconfig;
  return contest.start(['status', '--lock', lock, '--kubeconfig', config, ...flags]);
}

async function reported(candidate: Candidate): Promise<LockStatus> {
  expect(await candidate.ended).toEqual({ code: 0, signal: null });
  expect(candidate.stderr).toBe('');
  return JSON.parse(candidate.stdout) as LockStatus;
}

const linesOf = ({ stdout }: Candidate) =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LockStatus);

describe.concurrent('status', () => {
  test('needs no more than to get the Lease, and tells what it says', async ({ contest }) => {
    const a = await contest.join('a');
    await a.told('started');
    const said = await reported(await status(contest, asJson));
    const { spec } = (await contest.lease())!;
    expect(said).toMatchObject({
      lock,
      namespace: contest.namespace,
      lockKind: 'lease',
      state: 'held',
      holder: spec.holderIdentity,
      leaseDurationSeconds: 6,
      transitions: 0,
      since: new Date(spec.acquireTime!).toISOString(),
    });
    expect((await contest.requests('onlooker')).map(({ verb }) => verb)).toEqual(['get']);
  });

  test('is 0 when there is no Lease, when it is free, and when it looks over', async ({
    contest,
  }) => {
    const { kubeconfig } = await contest.account('onlooker', leaseRules('get'));
    const state = async () => (await reported(await status(contest, asJson, kubeconfig))).state;
    expect(await state()).toBe('absent');
    const renewTime = '2020-01-01T00:00:00.000000Z';
    await contest.createLease({ holderIdentity: 'x', leaseDurationSeconds: 9, renewTime });
    expect(await state()).toBe('expired');
    await contest.patchLease({ spec: { holderIdentity: '', leaseDurationSeconds: 1 } });
    expect(await state()).toBe('free');
  });

  test.for(['configmap', 'endpoints', 'secret'])('reads a %s', async (kind, { contest }) => {
    const admin = await contest.controlPlane.kubeconfig({ namespace: contest.namespace });
    const flags = [...swift, '--lock-kind', kind, '--identity', 'me'];
    const a = await contest.join('a', { kubeconfig: admin, flags });
    await a.told('started');
    const said = await reported(await status(contest, [...asJson, '--lock-kind', kind], admin));
    expect(said).toMatchObject({ lockKind: kind, state: 'held', holder: 'me' });
  });

  test('shows a hostile Lease without harm', async ({ contest }) => {
    const holder = '\u001b[2J\u001b]0;owned\u0007\n{"state":"free"}\u202e';
    await contest.createLease({
      holderIdentity: holder,
      leaseDurationSeconds: 2_147_483_647,
      acquireTime: '0001-01-01T00:00:00.000000Z',
      renewTime: '9999-12-31T23:59:59.999999Z',
      leaseTransitions: 2_147_483_647,
    });
    const { kubeconfig } = await contest.account('onlooker', leaseRules('get'));
    const json = await status(contest, asJson, kubeconfig);
    expect(await reported(json)).toMatchObject({ state: 'held', holder, transitions: 2 ** 31 - 1 });
    const text = await status(contest, [], kubeconfig);
    await text.ended;
    for (const { stdout } of [json, text]) expect(stdout).not.toMatch(/[^\n\P{C}]|[\p{Zl}\p{Zp}]/u);
    expect(text.stdout).toContain('holder       \\u{1b}[2J');
    expect(text.stdout.split('\n')).toHaveLength(8);
  });

  test('ends with 77 and the rule that is missing', async ({ contest }) => {
    const { kubeconfig } = await contest.account('onlooker', leaseRules('watch'));
    const refused = await status(contest, [], kubeconfig);
    expect(await refused.ended).toEqual({ code: 77, signal: null });
    expect(refused.stdout).toBe('');
    expect(refused.stderr).toMatch(
      /^k8s-leader: error: lock "demo": not allowed to get .*verbs \["get"\]\n$/,
    );
  });

  test.for(['refuse', 'swallow'] as const)(
    'ends with 69 and a line when one can only %s it',
    async (fault, { contest }) => {
      const proxy = await contest.proxy();
      await proxy.set(fault);
      const kubeconfig = await contest.controlPlane.kubeconfig({ server: proxy.url });
      const refused = await status(contest, ['--request-timeout', '1s'], kubeconfig);
      expect(await refused.ended).toEqual({ code: 69, signal: null });
      expect(refused.stderr).toMatch(/^k8s-leader: error: lock "demo": .*\n$/);
    },
  );
});

describe.concurrent('status --watch', () => {
  const live = [...asJson, '--watch'];

  test.for([
    ['watches', ['get', 'watch']],
    ['looks where it may not watch', ['get']],
  ] as const)('%s, and tells each change but no renewal', async ([, verbs], { contest }) => {
    const { kubeconfig } = await contest.account('onlooker', leaseRules(...verbs));
    const following = await status(contest, live, kubeconfig);
    await until('a line', () => linesOf(following).length === 1);
    const a = await contest.join('a', { flags: [...swift, '--identity', 'a'] });
    await a.told('started');
    await until('two lines', () => linesOf(following).length === 2);
    await contest.nextRequests('a', 3);
    a.signal('SIGTERM');
    await a.ended;
    await until('the release', () => linesOf(following).at(-1)?.state === 'free');
    following.signal('SIGTERM');
    expect(await following.ended).toEqual({ code: 143, signal: null });
    const told = linesOf(following).map(({ state, holder }) => [state, holder]);
    expect(told).toEqual([
      ['absent', null],
      ['held', 'a'],
      ['free', null],
    ]);
    const said =
      verbs.length === 1 ? /^k8s-leader: warning: cannot watch the lock, looking .*\n$/ : /^$/;
    expect(following.stderr).toMatch(said);
  });

  test('says when a silent holder looks dead', async ({ contest }) => {
    const renewTime = `${new Date().toISOString().slice(0, -1)}000Z`;
    await contest.createLease({ holderIdentity: 'x', leaseDurationSeconds: 3, renewTime });
    const { kubeconfig } = await contest.account('onlooker', leaseRules('get', 'watch'));
    const following = await status(contest, live, kubeconfig);
    await until('it looks dead', () => linesOf(following).at(-1)?.state === 'expired');
    expect(linesOf(following).length).toBeLessThanOrEqual(2);
  });

  test('survives an outage and says so once', async ({ contest }) => {
    await contest.createLease({ holderIdentity: 'x' });
    const { token } = await contest.account('onlooker', leaseRules('get', 'watch'));
    const proxy = await contest.proxy();
    const { namespace, controlPlane } = contest;
    const kubeconfig = await controlPlane.kubeconfig({
      user: { token },
      namespace,
      server: proxy.url,
    });
    const following = await status(contest, live, kubeconfig);
    await contest.watching('onlooker');
    await proxy.set('refuse');
    await until('it is said', () => following.stderr.includes('retrying'));
    await contest.patchLease({ spec: { holderIdentity: 'y' } });
    await proxy.set('pass');
    await until('the change is told', () => linesOf(following).at(-1)?.holder === 'y');
    expect(following.stderr.trimEnd().split('\n')).toEqual([
      expect.stringContaining('cannot see the lock, retrying'),
      expect.stringContaining('the lock can be seen again'),
    ]);
  });
});
