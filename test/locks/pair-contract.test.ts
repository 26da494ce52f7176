/** The contract of locks, kept by two objects at once on two servers that this process controls. */
import { leaseLock } from '../../src/locks/lease.ts';
import { pairLock } from '../../src/locks/pair.ts';
import { lockContract } from '../contract/lock-contract.ts';
import { clusterAt, connectTo } from '../kube/fixtures.ts';
import { MemoryLockServer } from '../../src/testing/memory-lock.ts';
import { startApiServer } from '../support/api-server.ts';
import { pairKinds } from './pair-kinds.ts';

lockContract('a pair in memory', () => {
  const [first, second] = [new MemoryLockServer(), new MemoryLockServer()];
  const another = () => pairLock(first.handle(), second.handle());
  return Promise.resolve({
    lock: another(),
    another,
    remove() {
      first.edit(undefined);
      second.edit(undefined);
      return Promise.resolve();
    },
    isUnwatched: true,
    close: () => Promise.resolve(),
  });
});

for (const { old, flag } of pairKinds)
  lockContract(flag, async () => {
    const servers = await Promise.all(
      [old.resource, 'leases' as const].map((resource) => startApiServer({ resource })),
    );
    const connections = new Set<{ close: () => void }>();
    const at = { namespace: 'default', name: 'one' };
    const another = () => {
      const [first, second] = servers.map(({ url }) => connectTo(clusterAt(url), 10_000));
      connections.add(first!).add(second!);
      return pairLock(
        old.lockIn({ ...at, connection: first! }),
        leaseLock({ ...at, connection: second! }),
      );
    };
    return {
      lock: another(),
      another,
      remove() {
        for (const { leases } of servers) leases.remove('one');
        return Promise.resolve();
      },
      async close() {
        for (const connection of connections) connection.close();
        await Promise.all(servers.map((server) => server.close()));
      },
    };
  });
