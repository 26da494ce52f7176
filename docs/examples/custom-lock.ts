import { LeaderElector } from 'k8s-leader';
import { clientOf, secretKeyLock } from './secret-lock.ts';

const namespace = process.env['POD_NAMESPACE'] ?? 'default';
const elector = new LeaderElector({ lock: secretKeyLock(clientOf(), namespace, 'reports') });

for await (const term of elector.terms()) {
  console.log(`leading by a key of a Secret, token ${term.fencingToken}`);
  break;
}
