import { setTimeout as sleep } from 'node:timers/promises';
import { LeaderElector, leaseLock } from 'k8s-leader';

const elector = new LeaderElector({ lock: leaseLock({ name: 'reports' }) });
const shutdown = new AbortController();
process.once('SIGTERM', () => {
  shutdown.abort();
});

for await (const term of elector.terms(shutdown.signal)) {
  console.log(`leading, fencing token ${term.fencingToken}`);
  await work(term.signal);
  console.log('the work is gone');
}
// The lock has been handed back, and nothing keeps the process alive.

async function work(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // One piece of work, then a pause that ends early when it is time to go.
    await sleep(1_000, undefined, { signal }).catch(() => undefined);
  }
}
