import { createServer, type IncomingMessage } from 'node:http';
import { connect as connectSocket, type AddressInfo, type Socket } from 'node:net';

/** A proxy for CONNECT, as `proxy-url` names one. */
export async function startConnectProxy() {
  let tunnels = 0;
  const clientPorts: number[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer();
  proxy.on('connect', (request: IncomingMessage, client: Socket) => {
    const { hostname, port } = new URL(`http://${request.url ?? ''}`);
    const upstream = connectSocket(Number(port), hostname, () => {
      tunnels++;
      clientPorts.push(client.remotePort ?? 0);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    for (const socket of [client, upstream])
      sockets.add(socket.on('error', () => socket.destroy()));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`,
    tunnels: () => tunnels,
    /** From which ports they came, each time. */
    clientPorts,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
