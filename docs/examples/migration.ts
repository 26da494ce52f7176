import { configMapLock, LeaderElector, leaseLock, pairLock } from 'k8s-leader';

// First rollout: from the ConfigMap to both. Second rollout: from both to the Lease alone.
const name = 'reports';
const elector = new LeaderElector({ lock: pairLock(configMapLock({ name }), leaseLock({ name })) });

for await (const term of elector.terms()) {
  console.log(term.isTrusted() ? 'leading in both' : 'too late');
  break;
}
