/** With what `k8s-leader rbac` prints, and nothing else, everything works; and it grants no more than that. */
import { describe, expect } from 'vitest';
import { accountOf, apply, printedRbac } from './support/applied.ts';
import { lock, swift } from './support/contest.ts';
import { test } from './support/fixtures.ts';

const lease = { group: 'coordination.k8s.io', resource: 'leases' };
const kinds = [
  ['lease', lease],
  ['configmap', { group: '', resource: 'configmaps' }],
  ['endpoints', { group: '', resource: 'endpoints' }],
  ['secret', { group: '', resource: 'secrets' }],
  ['configmap+lease', lease],
] as const;

describe.concurrent('with the printed permissions', () => {
  test.for(kinds)(
    'for a %s two candidates lead in turn, watch, and are refused nothing',
    async ([kind, object], { contest }) => {
      const flags = [...swift, '--events', '--lock-kind', kind];
      await apply(contest, await printedRbac(contest, ['--events', '--lock-kind', kind]));
      const account = await accountOf(contest, lock, { verb: 'create', ...object });

      const first = await contest.join('first', { account, flags });
      await contest.nthLife(1);
      await contest.watching(lock);
      const second = await contest.join('second', { account, flags });
      await second.told('standing-by');
      first.signal('SIGTERM');
      await contest.nthLife(2);
      second.signal('SIGTERM');
      await second.ended;

      const asked = await contest.requests(lock);
      expect(asked.filter(({ code }) => code === 403)).toEqual([]);
      for (const { log } of [first, second])
        expect(log.map(({ event }) => event)).not.toContain('unwatched');
    },
  );

  test('an account that exists is enough', async ({ contest }) => {
    await contest.account('worker', []);
    const yaml = await printedRbac(contest, ['--service-account', 'worker', '--no-events']);
    await apply(contest, yaml);
    const account = await accountOf(contest, 'worker', { verb: 'create', ...lease });
    const flags = ['--try', ...swift];
    const a = await contest.join('a', { account, flags, command: ['echo', 'started'] });
    expect(await a.ended).toEqual({ code: 0, signal: null });
    expect(a.stdout).toBe('started\n');
  });

  test('a lock with an owner belongs to it, and one that is there stays as it is', async ({
    contest,
  }) => {
    const { controlPlane, namespace } = contest;
    const template = {
      metadata: { labels: { app: 'worker' } },
      spec: { containers: [{ name: 'worker', image: 'worker:1' }] },
    };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'worker' },
      spec: { replicas: 0, selector: { matchLabels: { app: 'worker' } }, template },
    };
    const made = await controlPlane.request(
      'POST',
      `/apis/apps/v1/namespaces/${namespace}/deployments`,
      deployment,
    );
    const owned = ['--owner', 'deployment/worker'];
    await apply(contest, await printedRbac(contest, owned));
    const account = await accountOf(contest, lock, { verb: 'create', ...lease });
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${lock}`;
    const run = async (...flags: string[]) => {
      const command = ['true'];
      const { ended } = await contest.join('a', {
        account,
        flags: ['--try', ...swift, ...flags],
        command,
      });
      return (await ended).code;
    };

    expect(await run('--owner', 'deployment/other')).not.toBe(0);
    expect((await controlPlane.request('GET', path)).status).toBe(404);

    expect(await run(...owned)).toBe(0);
    const { body } = await controlPlane.request('GET', path);
    expect(body.metadata).toMatchObject({
      labels: { 'app.kubernetes.io/managed-by': 'k8s-leader' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker', uid: made.body.metadata?.uid },
      ],
    });

    await controlPlane.request('DELETE', path);
    expect(await run()).toBe(0);
    expect(await run(...owned)).toBe(0);
    const { body: left } = await controlPlane.request('GET', path);
    expect(left.metadata).not.toHaveProperty('ownerReferences');
  });

  test('nobody touches another lock, or lists, patches or deletes any', async ({ contest }) => {
    await apply(contest, await printedRbac(contest, []));
    const { token } = await accountOf(contest, lock, { verb: 'create', ...lease });
    const { namespace, controlPlane } = contest;
    const may = async (verb: string, name?: string, object: object = lease) => {
      const { body } = await controlPlane.request<{ status: { allowed: boolean } }>(
        'POST',
        '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        { spec: { resourceAttributes: { namespace, verb, name, ...object } } },
        { token },
      );
      return body.status.allowed;
    };
    for (const verb of ['get', 'update', 'watch']) {
      expect([verb, await may(verb, lock)]).toEqual([verb, true]);
      expect([verb, await may(verb, 'another')]).toEqual([verb, false]);
      expect([verb, await may(verb)]).toEqual([verb, false]);
    }
    for (const verb of ['list', 'patch', 'delete']) expect(await may(verb, lock)).toBe(false);
    expect(await may('get', lock, { group: '', resource: 'secrets' })).toBe(false);
    expect(await may('get', lock, { group: '', resource: 'pods' })).toBe(false);
  });
});
