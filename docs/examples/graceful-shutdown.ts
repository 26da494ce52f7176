import { createServer } from 'node:http';
import { LeaderElector, leaseLock } from 'k8s-leader';

const elector = new LeaderElector({ lock: leaseLock({ name: 'gateway' }) });
const server = createServer((_, response) => {
  response.end(elector.isLeader() ? 'I lead\n' : `${elector.getLeader() ?? 'nobody'} leads\n`);
});

process.once('SIGTERM', () => void elector.stop());

await elector.run({
  // Returns as soon as the server listens: the term goes on until stop() is called, or it is lost.
  onStartedLeading: () => {
    server.listen(0, '127.0.0.1', () => {
      console.log('serving');
    });
  },
  // Awaited before the lock is handed back: nobody else serves before this is over.
  onStoppedLeading: async () => {
    await new Promise((resolve) => server.close(resolve));
    console.log('drained');
  },
});
console.log('handed back');
