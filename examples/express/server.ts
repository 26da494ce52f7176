/**
 * An Express server with several replicas. All of them answer; the leader alone does the work that must not be done
 * twice. `npm install && npm install k8s-leader && npm start`
 */
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { LeaderElector, leaseLock } from 'k8s-leader';

const elector = new LeaderElector({ lock: leaseLock({ name: 'reports' }) });
const app = express();

app.get('/leader', (_request, response) => {
  response.json({ isLeader: elector.isLeader(), leader: elector.getLeader() ?? null });
});

const server = app.listen(Number(process.env['PORT'] ?? 8080), () => {
  console.log(`listening on ${JSON.stringify(server.address())}`);
});

// Requests are answered until the work has ended and somebody else can lead.
process.once('SIGTERM', () => void elector.stop());

for await (const term of elector.terms()) {
  console.log(`leading, fencing token ${term.fencingToken}`);
  await work(term.signal);
  console.log('the work is gone');
}
server.close();

async function work(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // One piece of work, then a pause that ends early when it is time to go.
    await sleep(1_000, undefined, { signal }).catch(() => undefined);
  }
}
