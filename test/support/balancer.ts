/**
 * A TCP balancer in front of servers on loopback, as in front of a cluster's API servers: connections take turns, and one
 * whose server refuses it goes to the next. It knows nothing else of their health.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Balancer {
  /** `https://127.0.0.1:<port>`, for a kubeconfig. */
  readonly url: string;
  /** Resets every connection and stops listening. */
  close(): Promise<void>;
}

/** Starts one; the first connection goes to the first port. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const clients = new Set<Socket>();
  let turn = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const first = turn++;
    clients.add(client);
    client.on('error', () => {}); // 'close' follows and tells
    client.on('close', () => clients.delete(client));
    lead(
      client,
      ports.map((_, index) => ports[(first + index) % ports.length]!),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const client of clients) client.resetAndDestroy();
      await closed;
    },
  };
}

/** Joins a client to the first of these ports where somebody listens. */
function lead(client: Socket, [port, ...others]: readonly number[]): void {
  if (port === undefined || client.destroyed) {
    client.resetAndDestroy();
    return;
  }
  const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const refused = () => {
    lead(client, others);
  };
  server.once('error', refused);
  server.once('connect', () => {
    server.off('error', refused);
    server.on('error', () => client.resetAndDestroy());
    server.on('close', () => {
      client.destroySoon();
    });
    client.on('close', () => server.destroy());
    if (client.destroyed) server.destroy();
    client.pipe(server);
    server.pipe(client);
  });
}
