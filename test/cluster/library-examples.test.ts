/** Every example of docs/library.md, as a process of its own, at the real API server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect } from 'vitest';
import { minimalLeaseRules } from '../support/control-plane.ts';
import type { Account } from './support/accounts.ts';
import type { Contest } from './support/contest.ts';
import { applyFence, printedFence } from './support/fenced.ts';
import { test } from './support/fixtures.ts';
import { until } from './support/until.ts';

const examples = join(import.meta.dirname, '../../docs/examples');
const verbs = ['get', 'create', 'update', 'delete'];
const rules = [
  ...minimalLeaseRules,
  { apiGroups: [''], resources: ['secrets'], verbs },
  { apiGroups: [''], resources: ['configmaps'], verbs: [...verbs, 'watch'] },
];

interface Running {
  readonly lines: readonly string[];
  says(line: string | RegExp): Promise<void>;
  terminate(): void;
  /** Its exit status. */
  readonly ended: Promise<number>;
}

function accountFor(contest: Contest, name: string, pod: string): Promise<Account> {
  return contest.account(`${pod}-${name.replace(/\..*/, '')}`, rules);
}

/** Starts an example as an operator would: with a kubeconfig, as a pod of that name. */
async function start(contest: Contest, name: string, how: StartOptions = {}): Promise<Running> {
  const { pod = 'pod-0', flags = [], env = {} } = how;
  const account = how.account ?? (await accountFor(contest, name, pod));
  const child = spawn(process.execPath, [...flags, join(examples, name)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      KUBECONFIG: account.kubeconfig,
      POD_NAME: pod,
      POD_NAMESPACE: contest.namespace,
      ...env,
    },
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = once(child, 'close').then(([code, signal]) => {
    if (signal !== null) throw new Error(`${name} died of ${String(signal)}`);
    return code as number;
  });
  ended.catch(() => undefined);
  return {
    lines,
    ended,
    async says(line) {
      const isIt = (said: string) => (typeof line === 'string' ? said === line : line.test(said));
      await until(`${name} says ${String(line)}`, () => lines.some(isIt));
    },
    terminate() {
      child.kill('SIGTERM');
    },
  };
}

interface StartOptions {
  readonly pod?: string;
  /** By default one that is made. */
  readonly account?: Account;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const group = 'apis/coordination.k8s.io/v1';

async function holder(contest: Contest, name: string): Promise<string | null | undefined> {
  const path = `/${group}/namespaces/${contest.namespace}/leases/${name}`;
  const { body } = await contest.controlPlane.request<{ spec?: { holderIdentity?: string } }>(
    'GET',
    path,
  );
  return body.spec?.holderIdentity;
}

describe('docs/examples:', () => {
  test('basic: one leads, the other takes over at once when it ends by itself', async ({
    contest,
  }) => {
    const first = await start(contest, 'basic.ts');
    await first.says(/^leading, fencing token \d+$/);
    expect(await holder(contest, 'reports')).toMatch(/^pod-0_/);
    const second = await start(contest, 'basic.ts', { pod: 'pod-1' });
    const watching = async () =>
      (await contest.controlPlane.auditLog()).some(
        ({ verb, namespace, user }) =>
          verb === 'watch' && namespace === contest.namespace && user.endsWith(':pod-1-basic'),
      );
    await until('the second watches', watching);
    first.terminate();
    expect(await first.ended).toBe(0);
    const endedAt = performance.now();
    await second.says(/^leading/);
    // Less than by looking, let alone by waiting for the lease to run out.
    expect(performance.now() - endedAt).toBeLessThan(1_800);
    second.terminate();
    expect(await second.ended).toBe(0);
    expect(second.lines.at(-1)).toBe('the work is gone');
    expect(await holder(contest, 'reports')).toBe('');
  });

  test('config-map: callbacks in their order', async ({ contest }) => {
    const example = await start(contest, 'config-map.ts');
    await example.says('started leading');
    example.terminate();
    expect(await example.ended).toBe(0);
    expect(example.lines).toEqual([
      'the leader is this one',
      'started leading',
      'stopped leading: shutdown',
      'the run ended: shutdown',
    ]);
  });

  test('components: each leads on its own lock', async ({ contest }) => {
    const example = await start(contest, 'components.ts');
    const names = ['mailer', 'janitor', 'reporter'];
    for (const name of names) await example.says(`${name} leads here`);
    for (const name of names) expect(await holder(contest, name)).toMatch(/^pod-0_/);
    example.terminate();
    expect(await example.ended).toBe(0);
    for (const name of names) expect(await holder(contest, name)).toBe('');
  });

  test('graceful-shutdown: drained before the lock is handed back', async ({ contest }) => {
    const example = await start(contest, 'graceful-shutdown.ts');
    await example.says('serving');
    example.terminate();
    expect(await example.ended).toBe(0);
    expect(example.lines).toEqual(['serving', 'drained', 'handed back']);
    expect(await holder(contest, 'gateway')).toBe('');
  });

  test.for([
    ['identity.ts', {}, ['pod-0 leads, after 0 changes of leader']],
    ['only-when-enabled.ts', {}, ['leading']],
    ['only-when-enabled.ts', { LEADER_ELECTION: 'off' }, ['working alone']],
    ['give-up.ts', {}, ['migrating']],
    ['last-resort.ts', {}, ['leading']],
    ['migration.ts', {}, ['leading in both']],
  ] as const)('%s with %j ends by itself', async ([name, env, lines], { contest }) => {
    const example = await start(contest, name, { env });
    expect(await example.ended).toBe(0);
    expect(example.lines).toEqual(lines);
  });

  test('give-up: says who has it', async ({ contest }) => {
    const path = `/${group}/namespaces/${contest.namespace}/leases`;
    const spec = { holderIdentity: 'somebody', leaseDurationSeconds: 60 };
    await contest.controlPlane.request('POST', path, { metadata: { name: 'migration' }, spec });
    const example = await start(contest, 'give-up.ts');
    expect(await example.ended).toBe(0);
    expect(example.lines).toEqual(['somebody is at it']);
  });

  test('custom-lock: elects, and keeps the contract', async ({ contest }) => {
    const example = await start(contest, 'custom-lock.ts');
    expect(await example.ended).toBe(0);
    expect(example.lines).toEqual([
      expect.stringMatching(/^leading by a key of a Secret, token \d+$/),
    ]);
    const contract = await start(contest, 'secret-lock.test.ts', { flags: ['--test'] });
    const status = await contract.ended;
    expect(status, contract.lines.join('\n')).toBe(0);
  });

  test('fenced-writes: writes, and is refused where a later leader has written', async ({
    contest,
  }) => {
    const configMaps = `/api/v1/namespaces/${contest.namespace}/configmaps`;
    await contest.controlPlane.request('POST', configMaps, { metadata: { name: 'report' } });
    const account = await accountFor(contest, 'fenced-writes.ts', 'pod-0');
    const flags = ['--by', 'token', '--service-account', account.name];
    await applyFence(contest.controlPlane, await printedFence(contest, flags));
    const example = await start(contest, 'fenced-writes.ts', { account });
    expect(await example.ended).toBe(0);
    expect(example.lines).toEqual(['written']);
    const later = { 'k8s-leader.dev/fencing-token': '99999999999999999' };
    // A policy takes effect a moment after it was applied.
    await until('it is refused', async () => {
      const change = { metadata: { annotations: later } };
      await contest.controlPlane.request('PATCH', `${configMaps}/report`, change);
      const late = await start(contest, 'fenced-writes.ts', { account });
      return (await late.ended) === 1 && late.lines.length === 0;
    });
  });

  test('none is left out', () => {
    const tested = readdirSync(examples).sort();
    expect(tested).toEqual([
      'basic.ts',
      'components.ts',
      'config-map.ts',
      'custom-lock.ts',
      'fenced-writes.ts',
      'give-up.ts',
      'graceful-shutdown.ts',
      'identity.ts',
      'last-resort.ts',
      'migration.ts',
      'only-when-enabled.ts',
      'secret-lock.test.ts',
      'secret-lock.ts',
    ]);
  });
});
