/** A server that says whatever bytes it is told to. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** What a server does with a connection on which a request has come in. */
export interface Script {
  readonly pieces: readonly Buffer[];
  /** Whether the pieces travel each on their own, as far as that can be had. */
  readonly slowly?: boolean;
  readonly then: 'close' | 'reset' | 'stay';
  /** Called when all of that has been done. */
  readonly onPlayed?: () => void;
}

export function headersOf(lines: readonly string[]): string {
  return ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n');
}

/** A server that does with a request for `…/7` or `…/7/…` what the script of that number says. */
export async function startScriptedServer(scripts: readonly Script[]) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      const next = scripts[Number(/^[A-Z]+ \S*?\/(\d+)[/ ]/.exec(bytes.toString('latin1'))?.[1])];
      if (next) void play(next, socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    sockets,
    /** Resolves once every connection is gone. */
    async emptied() {
      for (const socket of sockets) await new Promise((resolve) => socket.once('close', resolve));
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function play({ pieces, slowly, then, onPlayed }: Script, socket: Socket): Promise<void> {
  for (const piece of pieces) {
    if (!socket.write(piece) || slowly) await new Promise(setImmediate);
  }
  if (then === 'close') socket.end();
  if (then === 'reset') socket.resetAndDestroy();
  onPlayed?.();
}
