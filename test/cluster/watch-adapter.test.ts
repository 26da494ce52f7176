/** The lock's watch against the real server, by somebody who may do nothing but what a watch needs. */
import { describe, expect } from 'vitest';
import { LockFault, type Lock, type Sighting } from '../../src/election/lock.ts';
import { loadCluster } from '../../src/kube/config.ts';
import { connect } from '../../src/kube/connection.ts';
import { leaseLock } from '../../src/locks/lease.ts';
import type { PolicyRule } from '../support/control-plane.ts';
import { lock as name, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';

const lease = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };

function ruleOf(...verbs: readonly string[]): PolicyRule {
  return { ...lease, resourceNames: [name], verbs };
}

/** The lock in the hands of an account with these rules. */
async function lockOf(
  contest: Contest,
  rules: readonly PolicyRule[],
): Promise<{ lock: Lock; close: () => void }> {
  const { kubeconfig } = await contest.account('watcher', rules);
  const signal = new AbortController().signal;
  const cluster = await loadCluster({ kubeconfig, env: {}, signal });
  const connection = connect(cluster, { requestTimeoutMs: 10_000, userAgent: 'k8s-leader-test' });
  const lock = leaseLock({ connection, namespace: contest.namespace, name });
  const close = (): void => {
    connection.close();
  };
  return { lock, close };
}

async function next(watched: AsyncIterator<Sighting>): Promise<Sighting> {
  const result = await watched.next();
  if (result.done) throw new Error('the watch has ended');
  return result.value;
}

describe.concurrent('a watch', () => {
  test('shows creation, update and deletion with growing versions to a Role that names the Lease', async ({
    contest,
  }) => {
    const { lock, close } = await lockOf(contest, [ruleOf('get', 'update', 'watch')]);
    const enough = new AbortController();
    const watched = (await lock.watch!(enough.signal))[Symbol.asyncIterator]();

    const created = await contest.createLease({ holderIdentity: 'a' });
    const added = await next(watched);
    expect(added).toMatchObject({
      version: created.metadata.resourceVersion,
      seen: { version: created.metadata.resourceVersion, record: { holder: 'a' } },
    });

    const record = { ...added.seen!.record, holder: 'b' };
    const written = await lock.write(record, added.seen, { signal: enough.signal });
    const modified = await next(watched);
    expect(modified.seen).toEqual(written.kind === 'written' && written.current);

    await contest.deleteLease();
    const deleted = await next(watched);
    expect(deleted.seen).toBeUndefined();

    await contest.createLease({ holderIdentity: 'c' });
    const again = await next(watched);
    expect(again.seen?.record.holder).toBe('c');

    const versions = [added, modified, deleted, again].map(({ version }) => Number(version));
    for (const [index, version] of versions.slice(1).entries())
      expect(version).toBeGreaterThan(versions[index]!);

    const ended = watched.next();
    enough.abort();
    expect(await ended).toEqual({ done: true, value: undefined });
    close();
  });

  test('begins with what is there, as a read shows it', async ({ contest }) => {
    await contest.createLease({ holderIdentity: 'a', leaseDurationSeconds: 15 });
    const { lock, close } = await lockOf(contest, [ruleOf('get', 'watch')]);
    const { signal } = new AbortController();
    const seen = await lock.read({ signal });
    const watched = (await lock.watch!(signal))[Symbol.asyncIterator]();
    expect(await next(watched)).toEqual({ version: seen?.version, seen });
    close();
  });

  test('needs the verb watch and no other', async ({ contest }) => {
    await contest.createLease({ holderIdentity: 'a' });
    const { lock, close } = await lockOf(contest, [ruleOf('watch')]);
    const watched = (await lock.watch!(new AbortController().signal))[Symbol.asyncIterator]();
    expect((await next(watched)).seen?.record.holder).toBe('a');
    close();
  });

  test('without the verb is refused with a line that names the rule', async ({ contest }) => {
    const { lock, close } = await lockOf(contest, [ruleOf('get', 'update', 'list')]);
    const refused: unknown = await lock.watch!(new AbortController().signal).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(LockFault);
    expect(refused).toMatchObject({
      kind: 'denied',
      hint: expect.stringContaining('verbs ["watch"]') as string,
    });
    close();
  });
});
