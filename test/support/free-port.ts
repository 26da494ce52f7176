/** Free loopback ports for servers that must come back on the same port after a stop. */
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/**
 * A port on 127.0.0.1 that nobody listens on. It lies below the ephemeral range, so no outgoing
 * connection can take it while its server is down, and no client that dials it then can end up
 * connected to itself.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    if (await listens(server, port)) {
      await new Promise((resolve) => server.close(resolve));
      return port;
    }
  }
  throw new Error('no free port on 127.0.0.1 between 20000 and 32000');
}

function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      resolve(true);
    });
  });
}
