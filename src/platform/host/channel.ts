/** Ways to a server for bytes, one on the other: a socket, TLS, a proxy's tunnel. */
import { Outbox } from './outbox.ts';

export interface Channel {
  /** What comes next; empty at the end. To be asked one at a time. @throws {Error} what has broken it */
  read(): Promise<Uint8Array<ArrayBuffer>>;
  /** Waits here for as long as the kernel does not take it. */
  write(bytes: Uint8Array): void;
  /** Whoever reads gets the error. */
  destroy(error?: unknown): void;
  /** TCP asks for a sign of life after so long. */
  probe(ms: number): void;
}

const pieceBytes = 16_384;

function reset(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}

export class SocketChannel implements Channel {
  readonly #fd: number;
  readonly #outbox: Outbox;
  #reader: PromiseWithResolvers<Uint8Array<ArrayBuffer>> | undefined;
  #error: unknown;
  #isClosed = false;
  /** That are watched. */
  #events = 0;

  constructor(fd: number) {
    this.#fd = fd;
    this.#outbox = new Outbox(fd);
  }

  read(): Promise<Uint8Array<ArrayBuffer>> {
    this.#reader = Promise.withResolvers();
    const { promise } = this.#reader;
    // Most often nothing is there before something has been waited for.
    if (this.#isClosed) this.#settle();
    else this.#look();
    return promise;
  }

  write(bytes: Uint8Array): void {
    if (this.#isClosed || bytes.length === 0) return;
    this.#outbox.add(bytes);
    this.#flush();
  }

  destroy(error: unknown = reset()): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    native.watch(this.#fd, 0);
    native.sync('close', this.#fd);
    this.#settle();
  }

  probe(ms: number): void {
    if (!this.#isClosed) native.keepAlive(this.#fd, Math.ceil(ms / 1_000));
  }

  /** Of a socket that is being connected: resolves when it is. */
  async connected(): Promise<void> {
    const done = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    this.#reader = done;
    native.watch(this.#fd, 2, () => {
      try {
        native.socketError(this.#fd);
        native.watch(this.#fd, 0);
        this.#reader = undefined;
        this.#look();
        done.resolve(new Uint8Array());
      } catch (error) {
        this.destroy(error);
      }
    });
    await done.promise;
  }

  #settle(): void {
    this.#reader?.reject(this.#error);
    this.#reader = undefined;
  }

  #look(): void {
    if (this.#isClosed) return;
    const events = (this.#reader ? 1 : 0) | (this.#outbox.isEmpty ? 0 : 2);
    if (events === this.#events) return;
    this.#events = events;
    native.watch(this.#fd, events, this.#onReady);
  }

  readonly #onReady = (ready: number): void => {
    if (ready & 2) this.#flush();
    if (ready & (1 | 4)) this.#receive();
  };

  #receive(): void {
    if (this.#isClosed || !this.#reader) return;
    try {
      const bytes = native.receive(this.#fd, pieceBytes);
      if (bytes !== undefined) {
        const { resolve } = this.#reader;
        this.#reader = undefined;
        resolve(bytes);
      }
      this.#look();
    } catch (error) {
      this.destroy(error);
    }
  }

  #flush(): void {
    try {
      this.#outbox.flush();
      this.#look();
    } catch (error) {
      this.destroy(error);
    }
  }
}

/** TLS on another channel. */
export class TlsChannel implements Channel {
  readonly #below: Channel;
  readonly #tls: NativeTls;

  constructor(below: Channel, tls: NativeTls) {
    this.#below = below;
    this.#tls = tls;
  }

  /** @throws {Error} with a code of Node's, such as `CERT_HAS_EXPIRED` */
  async handshake(): Promise<void> {
    this.#send();
    while (this.#tls.isHandshaking()) {
      const bytes = await this.#below.read();
      if (bytes.length === 0) throw reset();
      this.#take(bytes);
    }
  }

  async read(): Promise<Uint8Array<ArrayBuffer>> {
    for (;;) {
      const bytes = this.#tls.read();
      if (bytes !== undefined) return bytes;
      const taken = await this.#below.read();
      if (taken.length === 0) return taken;
      this.#take(taken);
    }
  }

  write(bytes: Uint8Array): void {
    this.#tls.write(bytes);
    this.#send();
  }

  destroy(error?: unknown): void {
    this.#below.destroy(error);
  }

  probe(ms: number): void {
    this.#below.probe(ms);
  }

  /** The peer is told what is wrong with what it said. */
  #take(bytes: Uint8Array): void {
    try {
      this.#tls.receive(bytes);
    } finally {
      this.#send();
    }
  }

  #send(): void {
    const bytes = this.#tls.take();
    if (bytes) this.#below.write(bytes);
  }
}
