/**
 * A connection on a socket that never blocks: bytes that the kernel does not take wait here. Ended by one side, it ends
 * on the other as well.
 */
import type { Wire } from '../ports.ts';
import { Outbox } from './outbox.ts';

const readable = 1;
const writable = 2;
const trouble = 4;
const pieceBytes = 16_384;

export class HostWire implements Wire {
  readonly #fd: number;
  readonly #onData: ((chunk: Buffer) => void)[] = [];
  readonly #onClose: (() => void)[] = [];
  readonly #outbox: Outbox;
  #isPaused = false;
  #isEnding = false;
  #isShut = false;
  #hasPeerEnded = false;
  #isDestroyed = false;
  /** That are watched. */
  #events = 0;

  constructor(fd: number) {
    this.#fd = fd;
    this.#outbox = new Outbox(fd);
    this.#look();
  }

  get destroyed(): boolean {
    return this.#isDestroyed;
  }

  on(event: 'data' | 'close', listener: ((chunk: Buffer) => void) | (() => void)): this {
    if (event === 'data') this.#onData.push(listener);
    else this.#onClose.push(listener as () => void);
    return this;
  }

  off(_: 'data', listener: (chunk: Buffer) => void): this {
    const place = this.#onData.indexOf(listener);
    if (place >= 0) this.#onData.splice(place, 1);
    return this;
  }

  pause(): this {
    this.#isPaused = true;
    this.#look();
    return this;
  }

  write(data: string | Buffer): boolean {
    if (this.#isDestroyed || this.#isEnding) return false;
    this.#outbox.add(typeof data === 'string' ? native.utf8(data) : data);
    this.#flush();
    return this.#outbox.isEmpty;
  }

  end(data?: string): this {
    if (data !== undefined) this.write(data);
    this.#isEnding = true;
    this.#flush();
    return this;
  }

  destroy(): this {
    if (this.#isDestroyed) return this;
    this.#isDestroyed = true;
    native.watch(this.#fd, 0);
    native.sync('close', this.#fd);
    queueMicrotask(() => {
      for (const listener of this.#onClose) listener();
    });
    return this;
  }

  #look(): void {
    if (this.#isDestroyed) return;
    const toRead = this.#isPaused || this.#hasPeerEnded ? 0 : readable;
    const toWrite = this.#outbox.isEmpty ? 0 : writable;
    const events = toRead | toWrite | trouble;
    if (events === this.#events) return;
    this.#events = events;
    native.watch(this.#fd, events, this.#onReady);
  }

  readonly #onReady = (events: number): void => {
    if (events & writable) this.#flush();
    if (this.#isDestroyed) return;
    if (!this.#isPaused && !this.#hasPeerEnded && events & (readable | trouble)) this.#read();
    else if (events & trouble) this.destroy();
  };

  #read(): void {
    try {
      const bytes = native.receive(this.#fd, pieceBytes);
      if (bytes === undefined) return;
      if (bytes.length > 0) {
        const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
        for (const listener of [...this.#onData]) listener(chunk);
        return;
      }
    } catch {
      this.destroy();
      return;
    }
    this.#hasPeerEnded = true;
    this.end();
  }

  /** Gives the kernel what it takes; after the last byte comes our end. */
  #flush(): void {
    if (this.#isDestroyed) return;
    try {
      this.#outbox.flush();
    } catch {
      this.destroy();
      return;
    }
    if (this.#isEnding && !this.#isShut && this.#outbox.isEmpty) {
      this.#isShut = true;
      native.shutdown(this.#fd);
    }
    if (this.#isShut && this.#hasPeerEnded) this.destroy();
    else this.#look();
  }
}
