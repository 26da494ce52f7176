import { once } from 'node:events';
import { configMapLock, LeaderElector } from 'k8s-leader';

const elector = new LeaderElector({
  lock: configMapLock({ name: 'reports' }),
  leaseDurationMs: 17_000,
  renewDeadlineMs: 15_000,
  retryPeriodMs: 5_000,
});
process.once('SIGTERM', () => void elector.stop());

const end = await elector.run({
  onStartedLeading: async (term) => {
    console.log('started leading');
    await once(term.signal, 'abort');
  },
  onStoppedLeading: ({ kind }) => {
    console.log(`stopped leading: ${kind}`);
  },
  onNewLeader: (identity) => {
    console.log(`the leader is ${identity === elector.identity ? 'this one' : identity}`);
  },
});
console.log(`the run ended: ${end.kind}`);
