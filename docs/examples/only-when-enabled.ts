import { LeaderElector, leaseLock } from 'k8s-leader';

const elector = new LeaderElector({
  lock: leaseLock({ name: 'reports' }),
  enabled: process.env['LEADER_ELECTION'] !== 'off',
});

for await (const term of elector.terms()) {
  // Without an election the token is 0, less than any real one.
  console.log(term.fencingToken === '0' ? 'working alone' : 'leading');
  break;
}
