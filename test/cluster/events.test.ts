/** Events on the lock object: what they say and about what, who may make them, and whom they keep waiting. */
import { describe, expect } from 'vitest';
import type { PolicyRule } from '../support/control-plane.ts';
import { minimalLeaseRules } from '../support/control-plane.ts';
import { swift, unhurried, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { intervalsMs } from './support/intervals.ts';
import { isReleased } from './support/lease.ts';
import { until } from './support/until.ts';

const env = { K8S_LEADER_EVENTS: 'yes' };
const mayTell: PolicyRule[] = [
  ...minimalLeaseRules,
  { apiGroups: [''], resources: ['events'], verbs: ['create'] },
];

interface ServerEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: Readonly<Record<string, string>>;
  readonly source: { readonly component: string; readonly host: string };
  readonly metadata: { readonly name: string };
}

async function eventsIn({ controlPlane, namespace }: Contest, query = ''): Promise<ServerEvent[]> {
  const path = `/api/v1/namespaces/${namespace}/events${query}`;
  const { body } = await controlPlane.request<{ items: ServerEvent[] }>('GET', path);
  return body.items;
}

const messages = async (contest: Contest) =>
  (await eventsIn(contest)).map(({ type, message }) => `${type}: ${message}`);

const telling = async (contest: Contest, name: string) =>
  (await contest.requests(name)).filter(({ resource }) => resource === 'events');

/** Nobody waits long for the last words of a term: on a busy machine they are lost now and then, not every time. */
async function untilTold(contest: Contest, what: string, term: () => Promise<void>): Promise<void> {
  for (let left = 5; left > 0; left -= 1) {
    await term();
    if ((await messages(contest)).includes(what)) return;
  }
  throw new Error(`not told: ${what}`);
}

/** Resolves when one Event more is told than now. */
async function nextEvent(contest: Contest): Promise<() => Promise<unknown>> {
  const { length } = await eventsIn(contest);
  return () => until('an Event', async () => (await eventsIn(contest)).length > length);
}

describe.concurrent('with the verb create on events,', () => {
  test('an orderly term is told in the words of client-go, about the Lease', async ({
    contest,
  }) => {
    const account = await contest.account('a', mayTell);
    const flags = [...swift, '--identity', 'a'];
    await untilTold(contest, 'Normal: a stopped leading', async () => {
      const event = await nextEvent(contest);
      const a = await contest.join('a', { account, env, flags });
      await event();
      a.signal('SIGTERM');
      expect(await a.ended).toEqual({ code: 143, signal: null });
    });
    const lease = (await contest.lease())!;
    const about = `?fieldSelector=involvedObject.uid=${lease.metadata.uid}`;
    const told = (await eventsIn(contest, about)).slice(-2);
    expect(told.map(({ message }) => message)).toEqual(['a became leader', 'a stopped leading']);
    for (const event of told)
      expect(event).toMatchObject({
        type: 'Normal',
        reason: 'LeaderElection',
        involvedObject: {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          namespace: contest.namespace,
          name: lease.metadata.name,
        },
        source: { component: 'k8s-leader', host: expect.any(String) as string },
      });
  });

  test('a command of a moment is told of when the lock has been handed back', async ({
    contest,
  }) => {
    const account = await contest.account('a', mayTell);
    const flags = [...unhurried, '--identity', 'a'];
    await untilTold(contest, 'Normal: a stopped leading', async () => {
      const a = await contest.join('a', { account, env, flags, command: ['true'] });
      expect(await a.ended).toEqual({ code: 0, signal: null });
      expect(isReleased((await contest.lease())!.spec)).toBe(true);
    });
    const asked = await contest.requests('a');
    const verbs = asked
      .filter(({ verb }) => verb !== 'watch')
      .map(({ verb, resource }) => `${verb} ${resource}`);
    expect(verbs.slice(0, 3)).toEqual(['get leases', 'create leases', 'update leases']);
    expect(await messages(contest)).toEqual(expect.arrayContaining(['Normal: a became leader']));
  });

  test('a loss to another is a warning that names it', async ({ contest }) => {
    const account = await contest.account('a', mayTell);
    await untilTold(contest, 'Warning: a lost the lease: usurper holds it', async () => {
      const event = await nextEvent(contest);
      const a = await contest.join('a', { account, env, flags: [...swift, '--identity', 'a'] });
      await event();
      await contest.patchLease({ spec: { holderIdentity: 'usurper' } });
      expect(await a.ended).toEqual({ code: 79, signal: null });
    });
    expect(await messages(contest)).toContain('Normal: a became leader');
  });

  test('of an annotation lock they are about the object that has it', async ({ contest }) => {
    const rules = [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'update', 'watch'] },
      ...mayTell,
    ];
    const account = await contest.account('a', rules);
    const flags = [...swift, '--lock-kind', 'configmap', '--identity', 'a'];
    const a = await contest.join('a', { account, env, flags });
    await until('the first Event', async () => (await eventsIn(contest)).length === 1);
    const [event] = await eventsIn(contest);
    expect(event?.involvedObject).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(event?.involvedObject['uid']).toMatch(/^[0-9a-f-]{36}$/);
    a.signal('SIGTERM');
    await a.ended;
  });
});

describe.concurrent('without it,', () => {
  test('one request is refused, one line says so at debug level, and nothing else changes', async ({
    contest,
  }) => {
    const a = await contest.join('a', { env });
    await a.told('unannounced');
    await contest.nextRequests('a', 4);
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    const asked = await telling(contest, 'a');
    expect(asked.map(({ verb, code }) => `${verb} ${code}`)).toEqual(['create 403']);
    const lines = a.log.filter(({ event }) => event === 'unannounced');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'debug',
      message: expect.stringContaining('resources ["events"], verbs ["create"]') as string,
    });
    expect(isReleased((await contest.lease())!.spec)).toBe(true);
  });

  test('--no-events asks nothing', async ({ contest }) => {
    const account = await contest.account('a', mayTell);
    const a = await contest.join('a', { account, env, flags: [...swift, '--no-events'] });
    await contest.nextRequests('a', 3);
    a.signal('SIGTERM');
    await a.ended;
    expect(await telling(contest, 'a')).toEqual([]);
    expect(await eventsIn(contest)).toEqual([]);
  });
});

test('a server that answers no request for an Event delays neither renewals nor the end', async ({
  contest,
}) => {
  const account = await contest.account('a', mayTell);
  const never = new Promise<never>(() => undefined);
  const recorder = await contest.recorder({
    ...account,
    beforeAsking: (_method, path) => (path.includes('/events') ? never : undefined),
  });
  const kubeconfig = await contest.controlPlane.kubeconfig({
    server: recorder.url,
    namespace: contest.namespace,
  });
  const a = await contest.join('a', { account, kubeconfig, env });
  await contest.nthLife(1);
  await contest.nextRequests('a', 6);
  const renewals = (await contest.requests('a')).filter(({ verb }) => verb === 'update');
  for (const interval of intervalsMs(renewals)) {
    expect(interval).toBeGreaterThan(900);
    expect(interval).toBeLessThan(3_500);
  }
  a.signal('SIGTERM');
  const released = Date.parse((await a.told('release')).time);
  await a.exited;
  // The request that hangs would last 2 s.
  expect(Date.now() - released).toBeLessThan(1_900);
  expect(await eventsIn(contest)).toEqual([]);
});
