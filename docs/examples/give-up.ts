import { LeaderElector, leaseLock } from 'k8s-leader';

const elector = new LeaderElector({ lock: leaseLock({ name: 'migration' }) });

// { kind: 'try' } gives up as soon as somebody else looks alive.
const campaign = await elector.campaign({ patience: { kind: 'wait', waitMs: 2_000 } });
switch (campaign.kind) {
  case 'elected':
    try {
      console.log('migrating');
    } finally {
      await campaign.term.release();
    }
    break;
  case 'held':
    console.log(`${campaign.holder} is at it`);
    break;
  case 'unavailable':
    throw campaign.fault;
  case 'aborted':
  case 'done':
    // By a signal, or because of a key: neither was given.
    break;
}
