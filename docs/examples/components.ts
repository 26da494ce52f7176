import { setTimeout as sleep } from 'node:timers/promises';
import { LeaderElector, leaseLock } from 'k8s-leader';

const shutdown = new AbortController();
process.once('SIGTERM', () => {
  shutdown.abort();
});

// One elector a component. All of them share one connection, and none of them waits for another.
await Promise.all([
  component('mailer', sendMail),
  component('janitor', cleanUp),
  component('reporter', writeReports),
]);

async function component(name: string, work: (signal: AbortSignal) => Promise<void>) {
  const elector = new LeaderElector({ lock: leaseLock({ name }) });
  for await (const term of elector.terms(shutdown.signal)) {
    console.log(`${name} leads here`);
    await work(term.signal);
  }
}

async function sendMail(signal: AbortSignal): Promise<void> {
  await sleep(3_600_000, undefined, { signal }).catch(() => undefined);
}

async function cleanUp(signal: AbortSignal): Promise<void> {
  await sleep(3_600_000, undefined, { signal }).catch(() => undefined);
}

async function writeReports(signal: AbortSignal): Promise<void> {
  await sleep(3_600_000, undefined, { signal }).catch(() => undefined);
}
