import { hostname } from 'node:os';
import { LeaderElector, leaseLock } from 'k8s-leader';

// Both variables come from the downward API. Left out, these options are read from them all the same; the identity
// then has a UUID at its end.
const elector = new LeaderElector({
  lock: leaseLock({ name: 'reports', namespace: process.env['POD_NAMESPACE'] }),
  identity: process.env['POD_NAME'] ?? hostname(),
});

for await (const term of elector.terms()) {
  console.log(`${elector.identity} leads, after ${String(term.transitions)} changes of leader`);
  break;
}
