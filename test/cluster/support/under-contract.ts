/** A lock on the real server as the contract wants it: each handle has a connection of its own. */
import type { Lock } from '../../../src/election/lock.ts';
import { loadCluster } from '../../../src/kube/config.ts';
import { connect, type Connection } from '../../../src/kube/connection.ts';
import type { LockUnderTest } from '../../contract/lock-contract.ts';

/** `remove` takes away what the lock is in. */
export async function underContract(
  kubeconfig: string,
  lockBy: (connection: Connection) => Lock,
  remove: () => Promise<void>,
): Promise<LockUnderTest> {
  const { signal } = new AbortController();
  const cluster = await loadCluster({ kubeconfig, env: {}, signal });
  const connections: Connection[] = [];
  const another = () => {
    const connection = connect(cluster, {
      requestTimeoutMs: 10_000,
      userAgent: 'k8s-leader-test',
    });
    connections.push(connection);
    return lockBy(connection);
  };
  return {
    lock: another(),
    another,
    remove,
    async close() {
      for (const connection of connections) connection.close();
      await remove();
    },
  };
}
