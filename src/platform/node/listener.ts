import { createServer, type AddressInfo } from 'node:net';
import type { Listening } from '../ports.ts';

export const listen: Listening['listen'] = async ({ host, port }, onWire) => {
  const server = createServer((socket) => {
    socket.unref();
    socket.on('error', ignore);
    onWire(socket);
  });
  const where = host === '' ? { port } : { host, port };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // An accept that fails, for lack of descriptors, is the client's loss alone.
  server.on('error', ignore);
  server.unref();
  const { address, port: chosen } = server.address() as AddressInfo;
  return { host: address, port: chosen, close: () => server.close() };
};

function ignore(): void {
  // Of a connection: it is closed, which is all there is to do.
}
