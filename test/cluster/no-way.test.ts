/** No way to the lock: each time one clear line, the documented exit status, and no command started. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { tlsFile } from '../support/api-server.ts';
import type { Candidate } from './support/candidate.ts';
import { swift, textLog, type Contest, type Participation } from './support/contest.ts';
import { test } from './support/fixtures.ts';

const command = ['echo', 'started'];
const quietly = [textLog, '--quiet', ...swift];

/** Its only line. */
async function refusal(candidate: Candidate, code: number): Promise<string> {
  expect(await candidate.ended).toEqual({ code, signal: null });
  expect(candidate.stdout).toBe('');
  const lines = candidate.stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

/** Somebody else holds the lock, and is alive. */
async function held(contest: Contest): Promise<void> {
  await contest.join('holder');
  await contest.nthLife(1);
}

describe.concurrent('without a cluster', () => {
  test('no configuration ends with 69 and names --kubeconfig and --backend local', async ({
    contest,
  }) => {
    const line = await refusal(await contest.start(['run', '--lock=demo', ...command]), 69);
    expect(line).toMatch(/no cluster is configured.*--kubeconfig.*--backend local/);
  });

  test.for([
    ['--try', 'refuse', /the API server 127.0.0.1:\d+: connection refused/],
    ['--wait=1s', 'refuse', /the API server 127.0.0.1:\d+: connection refused/],
    ['--try', 'swallow', /no answer/],
    ['--wait=1s', 'swallow', /no answer/],
  ] as const)('%s and a server that one can only %s ends with 69', async (scene, { contest }) => {
    const [patience, fault, reason] = scene;
    const proxy = await contest.proxy();
    await proxy.set(fault);
    const kubeconfig = await contest.controlPlane.kubeconfig({ server: proxy.url });
    const flags = [...quietly, patience];
    const line = await refusal(await contest.join('a', { kubeconfig, flags, command }), 69);
    expect(line).toMatch(reason);
  });

  test('a server that somebody else has certified ends a --try with 69', async ({ contest }) => {
    const { kubeconfig: path } = await contest.account('a');
    const config = (await readFile(path, 'utf8')).replace(
      contest.controlPlane.caFile,
      tlsFile('unrelated-ca.crt'),
    );
    const kubeconfig = `${path}-wrong-ca`;
    await writeFile(kubeconfig, config);
    const flags = [...quietly, '--try'];
    const line = await refusal(await contest.join('a', { kubeconfig, flags, command }), 69);
    expect(line).toMatch(
      /its certificate is not from the configured CA; check certificate-authority/,
    );
  });
});

describe.concurrent('a lock that is held ends', () => {
  test.for<[string[], number]>([
    [['--try'], 75],
    [['--try', '--conflict-exit-code=5'], 5],
    [['--try', '--conflict-exit-code=0'], 0],
    [['--wait=1s'], 75],
    [['--wait=1s', '--conflict-exit-code=5'], 5],
  ])('%s with %i and the name of the holder', async ([patience, code], { contest }) => {
    await held(contest);
    const { holderIdentity } = (await contest.lease())!.spec;
    const flags = [...quietly, ...patience];
    const line = await refusal(await contest.join('a', { flags, command }), code);
    expect(line).toContain(`held by "${holderIdentity}"`);
    expect((await contest.requests('a')).map(({ verb }) => verb)).not.toContain('update');
  });

  test('no --wait that outlasts a dead holder', async ({ contest }) => {
    await contest.createLease({ holderIdentity: 'dead', leaseDurationSeconds: 2 });
    const a = await contest.join('a', { flags: [...swift, '--wait=10s'], command });
    expect(await a.ended).toEqual({ code: 0, signal: null });
  });
});

describe.concurrent('a namespace', () => {
  const asAdmin = async (contest: Contest, namespace: string): Promise<Participation> => ({
    kubeconfig: await contest.controlPlane.kubeconfig({ namespace }),
    flags: [...quietly, '--try'],
    command,
  });

  test('that does not exist ends a --try with 69 and says so', async ({ contest }) => {
    const candidate = await contest.join('a', await asAdmin(contest, 'no-such-namespace'));
    expect(await refusal(candidate, 69)).toContain('there is no namespace "no-such-namespace"');
  });

  test('that is being deleted ends a --try with 69 and says so', async ({ contest }) => {
    const { controlPlane, namespace } = contest;
    await controlPlane.request('DELETE', `/api/v1/namespaces/${namespace}`);
    const line = await refusal(await contest.join('a', await asAdmin(contest, namespace)), 69);
    expect(line).toContain(`cannot create leases in namespace "${namespace}": it is being deleted`);
  });

  test('that is being deleted does not take the term from a leader before its Lease is', async ({
    contest,
  }) => {
    const a = await contest.join('a');
    await contest.nthLife(1);
    await contest.controlPlane.request('DELETE', `/api/v1/namespaces/${contest.namespace}`);
    await contest.nextRequests('a', 2);
    await contest.deleteLease();
    expect((await a.told('renewal-failing')).message).toContain('it is being deleted');
    expect(await a.ended).toEqual({ code: 79, signal: null });
  });
});
