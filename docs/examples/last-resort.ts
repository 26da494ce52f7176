import { setTimeout as sleep } from 'node:timers/promises';
import { LeaderElector, leaseLock, type Term } from 'k8s-leader';

const elector = new LeaderElector({ lock: leaseLock({ name: 'reports' }) });

for await (const term of elector.terms()) {
  await orEndTheProcess(term, async () => {
    console.log('leading');
    await sleep(1_000, undefined, { signal: term.signal }).catch(() => undefined);
  });
  break;
}

/** For work that may not listen: what still runs at the deadline of a lost term ends with the process. */
async function orEndTheProcess(term: Term, work: () => Promise<void>): Promise<void> {
  const gone = new AbortController();
  term.lost.addEventListener('abort', () => {
    sleep(term.remainingMs(), undefined, { signal: gone.signal }).then(
      () => {
        process.abort();
      },
      () => undefined,
    );
  });
  await work().finally(() => {
    gone.abort();
  });
}
