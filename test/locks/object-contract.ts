import type { Lock } from '../../src/election/lock.ts';
import type { ObjectLockOptions } from '../../src/locks/object-lock.ts';
import { lockContract } from '../contract/lock-contract.ts';
import { clusterAt, connectTo } from '../kube/fixtures.ts';
import type { Resource } from '../kube/lease-store.ts';
import { startApiServer } from '../support/api-server.ts';

/** The contract of a lock in an object, at a server that this process controls. */
export function objectLockContract(
  title: string,
  resource: Resource,
  lockIn: (options: ObjectLockOptions) => Lock,
): void {
  lockContract(title, async () => {
    const server = await startApiServer({ resource });
    const connections = [connectTo(clusterAt(server.url), 10_000)];
    const another = () => {
      const connection = connectTo(clusterAt(server.url), 10_000);
      connections.push(connection);
      return lockIn({ connection, namespace: 'default', name: 'one' });
    };
    return {
      lock: another(),
      another,
      remove() {
        server.leases.remove('one');
        return Promise.resolve();
      },
      async close() {
        for (const connection of connections) connection.close();
        await server.close();
      },
    };
  });
}
