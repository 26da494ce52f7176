import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { lockContract } from 'k8s-leader/testing';
import { clientOf, secretKeyLock } from './secret-lock.ts';

const namespace = process.env['POD_NAMESPACE'] ?? 'default';

// node:test here; in vitest or another runner the loop is the same.
for (const { title, check } of lockContract(setup)) void test(title, check);

function setup() {
  const api = clientOf();
  const name = randomUUID();
  const remove = async () => {
    await api.deleteNamespacedSecret({ namespace, name }).catch(() => undefined);
  };
  return Promise.resolve({
    lock: secretKeyLock(api, namespace, name),
    another: () => secretKeyLock(api, namespace, name),
    remove,
    isUnwatched: true,
    close: remove,
  });
}
