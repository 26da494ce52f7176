import { LeaderElector, leaseLock, type Term } from 'k8s-leader';
import { clientOf } from './secret-lock.ts';

const api = clientOf();
const namespace = process.env['POD_NAMESPACE'] ?? 'default';
const elector = new LeaderElector({ lock: leaseLock({ name: 'reports' }) });

for await (const term of elector.terms()) {
  await report(term, 'all is well');
  console.log('written');
  break;
}

/** Each write carries the token of its term. The API server refuses one that is older than what it has. */
async function report(term: Term, text: string): Promise<void> {
  const found = await api.readNamespacedConfigMap({ namespace, name: 'report' });
  const token = { 'k8s-leader.dev/fencing-token': term.fencingToken };
  const body = {
    ...found,
    metadata: { ...found.metadata, annotations: { ...found.metadata?.annotations, ...token } },
    data: { ...found.data, text },
  };
  await api.replaceNamespacedConfigMap({ namespace, name: 'report', body });
}
