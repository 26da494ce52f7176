/**
 * One connection through the proxy: a client, a server, and for each direction a queue of what is
 * under way. Connecting, ends and closes wait in the queues like bytes do, so the server never
 * hears of a swallowed client, and after a partition hears everything in the order in which it
 * happened. The queues are not bounded.
 *
 * One exception: the goodbye of a client that leaves during a partition is lost, as it may be on a
 * real network, until the server sends something and gets an RST for it. A server that hears the
 * goodbye right behind a late write mostly cancels the write; a test needs the write to take effect
 * every time.
 */
import { connect, type Socket } from 'node:net';

export type Direction = 'to-server' | 'to-client';

/** The connection as the proxy steers it. */
export interface ProxiedConnection {
  /** Looks again at what may move; to be called when `holdMs` has changed. */
  move(): void;
  /** Nothing moves from now on, whatever `holdMs` says. */
  forget(): void;
  /** RST to both sides; what was under way is lost. */
  reset(): void;
}

interface Steering {
  /** How long what is sent this way takes; may change at any time. Infinity: held until then. */
  holdMs(direction: Direction): number;
  /** How fast bytes move; may change at any time. Infinity: at once. */
  bytesPerSecond(): number;
  /** Called when nothing is left of the connection. */
  onClosed(): void;
}

type Parcel = Buffer | 'end' | 'close' | 'reset';

/** Joins a freshly accepted client to a port of 127.0.0.1. */
export function proxyConnection(
  client: Socket,
  targetPort: number,
  steering: Steering,
): ProxiedConnection {
  let server: Socket | undefined;
  let forgotten = false;

  const hold = (direction: Direction) => () => (forgotten ? Infinity : steering.holdMs(direction));
  const toClient = createQueue<Parcel>({
    holdMs: hold('to-client'),
    bytesPerSecond: steering.bytesPerSecond,
    deliver(parcel) {
      if (client.destroyed) server?.resetAndDestroy();
      else hand(client, parcel);
    },
  });
  const toServer = createQueue<Parcel | 'open'>({
    holdMs: hold('to-server'),
    bytesPerSecond: steering.bytesPerSecond,
    deliver(parcel) {
      if (parcel === 'open') server = openServer();
      else if (server) hand(server, parcel);
    },
  });

  const openServer = (): Socket => {
    const socket = connect({
      port: targetPort,
      host: '127.0.0.1',
      allowHalfOpen: true,
      noDelay: true,
    });
    forward(socket, toClient.put, 'reset');
    socket.on('close', settle);
    return socket;
  };
  const settle = (): void => {
    if (client.closed && (server ? server.closed : forgotten)) steering.onClosed();
  };

  toServer.put('open');
  const putToServer = (parcel: Parcel): void => {
    const isLost = typeof parcel === 'string' && hold('to-server')() === Infinity;
    if (!isLost) toServer.put(parcel);
  };
  // Not as an RST, which would overtake the bytes before it.
  forward(client, putToServer, 'close');
  client.on('close', settle);

  return {
    move() {
      toServer.move();
      toClient.move();
    },
    forget() {
      forgotten = true;
    },
    reset() {
      forgotten = true;
      client.resetAndDestroy();
      server?.resetAndDestroy();
    },
  };
}

function forward(from: Socket, put: (parcel: Parcel) => void, onError: 'close' | 'reset'): void {
  from.on('data', put);
  from.on('end', () => {
    put('end');
  });
  from.on('error', () => {}); // 'close' follows and tells
  from.on('close', (failed) => {
    put(failed ? onError : 'close');
  });
}

function hand(to: Socket, parcel: Parcel): void {
  if (to.destroyed) return;
  if (parcel === 'end') to.end();
  else if (parcel === 'close') to.destroySoon();
  else if (parcel === 'reset') to.resetAndDestroy();
  else to.write(parcel);
}

interface Queue<P> {
  readonly put: (parcel: P) => void;
  readonly move: () => void;
}

interface Course<P> {
  readonly holdMs: () => number;
  readonly bytesPerSecond: () => number;
  readonly deliver: (parcel: P) => void;
}

const dripMs = 20;

/**
 * Hands parcels on in order, each no sooner than `holdMs` after it was put in; drop by drop where bytes do not
 * move at once.
 */
function createQueue<P extends string | Buffer>({
  holdMs,
  bytesPerSecond,
  deliver,
}: Course<P | Buffer>): Queue<P> {
  const waiting: { parcel: P | Buffer; since: number }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let drippedAt = -Infinity;

  const move = (): void => {
    clearTimeout(timer);
    for (let first = waiting[0]; first; first = waiting[0]) {
      const { parcel, since } = first;
      const drop = (bytesPerSecond() * dripMs) / 1_000;
      const drips = Buffer.isBuffer(parcel) && drop < Infinity;
      const at = Math.max(since + holdMs(), drips ? drippedAt + dripMs : -Infinity);
      const restMs = at - performance.now();
      if (restMs > 0) {
        if (restMs < Infinity) timer = setTimeout(move, restMs);
        return;
      }
      if (drips) {
        drippedAt = performance.now();
        deliver(parcel.subarray(0, Math.ceil(drop)));
        first.parcel = parcel.subarray(Math.ceil(drop));
        if (first.parcel.length > 0) continue;
      } else {
        deliver(parcel);
      }
      waiting.shift();
    }
  };
  return {
    put(parcel) {
      waiting.push({ parcel, since: performance.now() });
      move();
    },
    move,
  };
}
