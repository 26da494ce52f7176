import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './connection.ts';

/** More than a healthy answer takes, and nothing to a lease. */
const briefMs = 25;

/**
 * The same connection for several who keep locks there. Electors that began together renew together, and requests at
 * once would need a connection each, with a handshake for every renewal; so a request lets the one before it go
 * first. Only for a moment: nobody waits for an answer that does not come to somebody else.
 */
export function takingTurns(connection: Connection, patienceMs = briefMs): Connection {
  let latest: Promise<unknown> | undefined;
  return {
    ...connection,
    async request(call) {
      // What is to go over a fresh connection has waited enough.
      if (call.fresh) return connection.request(call);
      const turn = afterThe(latest, call.signal, patienceMs).then(() => connection.request(call));
      const settled = turn.then(nothing, nothing);
      latest = settled;
      void settled.then(() => {
        if (latest === settled) latest = undefined;
      });
      return turn;
    },
  };
}

async function afterThe(
  previous: Promise<unknown> | undefined,
  signal: AbortSignal,
  patienceMs: number,
): Promise<void> {
  if (!previous) return;
  const over = new AbortController();
  const stop = () => {
    over.abort();
  };
  signal.addEventListener('abort', stop);
  await Promise.race([
    previous,
    sleep(patienceMs, undefined, { signal: over.signal }).catch(nothing),
  ]);
  signal.removeEventListener('abort', stop);
  over.abort();
}

const nothing = (): undefined => undefined;
