/** Roles that lack something, and credentials that are wrong, revoked or replaced. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { minimalLeaseRules } from '../support/control-plane.ts';
import { leaseRules, type Verb } from './support/accounts.ts';
import { swift, textLog, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { until } from './support/until.ts';

/** What nothing goes without; what goes without `watch` is in unwatched.test.ts. */
const needed = ['get', 'create', 'update'] as const;
const verbs = [...needed, 'watch'] as const;
const rulesWithout = (verb: Verb) => leaseRules(...verbs.filter((other) => other !== verb));
const once = [textLog, '--try', ...swift];

/** What a candidate needs `verb` for; a create needs that there is no Lease, an update that there is one. */
async function lockInNeedOf(verb: Verb, contest: Contest): Promise<void> {
  if (verb !== 'create') await contest.createLease({});
}

describe.concurrent('a Role without', () => {
  test.for(needed)(
    '%s ends a --try with 77 and a line that names the rule',
    async (verb, { contest }) => {
      await lockInNeedOf(verb, contest);
      const account = await contest.account('a', rulesWithout(verb));
      const a = await contest.join('a', { account, flags: once, command: ['echo', 'started'] });
      expect(await a.ended).toEqual({ code: 77, signal: null });
      expect(a.stdout).toBe('');
      const [line, ...others] = a.stderr.trimEnd().split('\n');
      expect(others).toEqual([]);
      expect(line).toContain(`not allowed to ${verb} leases in namespace "${contest.namespace}"`);
      expect(line).toContain(
        `add to a Role in namespace "${contest.namespace}": ` +
          `apiGroups ["coordination.k8s.io"], resources ["leases"], verbs ["${verb}"]`,
      );
    },
  );

  test.for(needed)(
    '%s keeps us waiting, and works as soon as it is added',
    async (verb, { contest }) => {
      await lockInNeedOf(verb, contest);
      const account = await contest.account('a', rulesWithout(verb));
      const a = await contest.join('a', { account, command: ['true'] });
      const deniedAt = performance.now();
      expect((await a.told('out-of-reach')).message).toContain(`verbs ["${verb}"]`);
      await contest.nextRequests('a', 9);
      expect(performance.now() - deniedAt).toBeGreaterThan(1_500);
      await contest.setRules('a', minimalLeaseRules);
      expect(await a.ended).toEqual({ code: 0, signal: null });
      const said = a.log.map(({ event }) => event);
      expect(said.filter((event) => event === 'out-of-reach')).toHaveLength(1);
    },
  );

  test('update still runs a command that is shorter than the renew deadline', async ({
    contest,
  }) => {
    const account = await contest.account('a', rulesWithout('update'));
    const a = await contest.join('a', { account, command: ['echo', 'hello'] });
    expect(await a.ended).toEqual({ code: 0, signal: null });
    expect(a.stdout).toBe('hello\n');
    expect((await a.told('release')).message).toContain('verbs ["update"]');
  });

  test('a verb names the rule also where a name sounds like an admission plugin', async ({
    contest,
  }) => {
    const account = await contest.account('admission-worker', rulesWithout('get'));
    const a = await contest.join('a', { account, flags: once, command: ['true'] });
    expect(await a.ended).toEqual({ code: 77, signal: null });
    expect(a.stderr).toContain('verbs ["get"]');
  });

  test('watch costs a --try nothing', async ({ contest }) => {
    const account = await contest.account('a', rulesWithout('watch'));
    const a = await contest.join('a', { account, flags: once, command: ['echo', 'started'] });
    expect(await a.ended).toEqual({ code: 0, signal: null });
    expect(a.stdout).toBe('started\n');
  });

  test('anything that the README does not list is enough', async ({ contest }) => {
    const lease = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
    const rules = [
      { ...lease, verbs: ['create'] },
      { ...lease, verbs: ['get', 'update', 'watch'], resourceNames: ['demo'] },
    ];
    const account = await contest.account('a', rules);
    for (let round = 0; round < 2; round++) {
      const a = await contest.join('a', { account, flags: once, command: ['true'] });
      expect(await a.ended).toEqual({ code: 0, signal: null });
    }
    const a = await contest.join('a', { account });
    await contest.watching('a');
    expect(a.log.map(({ event }) => event)).toEqual(['elected', 'started']);
    expect((await contest.requests('a')).map(({ code }) => code)).not.toContain(403);
  });
});

describe.concurrent('a leader that', () => {
  test('may no longer update says which rule is missing, stops in time and ends with 79', async ({
    contest,
  }) => {
    const a = await contest.join('a');
    await contest.nthLife(1);
    await contest.setRules('a', rulesWithout('update'));
    expect((await a.told('renewal-failing')).message).toContain('verbs ["update"]');
    expect(await a.ended).toEqual({ code: 79, signal: null });
  });

  test('may no longer update for a moment keeps the term', async ({ contest }) => {
    const a = await contest.join('a');
    await contest.nthLife(1);
    await contest.setRules('a', rulesWithout('update'));
    await a.told('renewal-failing');
    await contest.setRules('a', minimalLeaseRules);
    await a.told('renewal-recovered');
    expect(a.log.map(({ event }) => event)).not.toContain('lost');
  });
});

describe.concurrent('a token that is', () => {
  test('wrong ends a --try with 77 and one line', async ({ contest }) => {
    const account = { name: 'a', token: 'wrong', kubeconfig: '' };
    const kubeconfig = await contest.controlPlane.kubeconfig({
      user: { token: account.token },
      namespace: contest.namespace,
    });
    const a = await contest.join('a', { kubeconfig, flags: once, command: ['true'] });
    expect(await a.ended).toEqual({ code: 77, signal: null });
    expect(a.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(a.stderr).toMatch(/does not accept our credentials: .*check the user in context "test"/);
  });

  test('revoked while we lead stops the command in time and ends with 79', async ({ contest }) => {
    const a = await contest.join('a');
    await contest.nthLife(1);
    await contest.deleteAccount('a');
    expect((await a.told('renewal-failing')).message).toContain('does not accept our credentials');
    expect(await a.ended).toEqual({ code: 79, signal: null });
  });

  test('replaced in its file while we lead does not cost the term', async ({ contest }) => {
    const account = await contest.account('a');
    const [first, second] = [await contest.revocableToken('a'), await contest.revocableToken('a')];
    const tokenFile = join(contest.folder, 'token');
    await writeFile(tokenFile, first.token);
    const kubeconfig = await contest.controlPlane.kubeconfig({
      user: { tokenFile },
      namespace: contest.namespace,
    });
    const a = await contest.join('a', { account, kubeconfig });
    await contest.nthLife(1);

    // Atomically, as the kubelet does it.
    await writeFile(`${tokenFile}.new`, second.token);
    await rename(`${tokenFile}.new`, tokenFile);
    await first.revoke();
    await until('the old token is refused', first.isRefused);
    await contest.nextRequests('a', 4);
    expect(a.log.map(({ event }) => event)).toEqual(['elected', 'started']);
  });
});
