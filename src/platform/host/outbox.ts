/** Bytes for a socket that never blocks, in order, until the kernel has taken them. */
export class Outbox {
  readonly #fd: number;
  #waiting: Uint8Array[] = [];

  constructor(fd: number) {
    this.#fd = fd;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
  }

  /** Gives the kernel what it takes. @throws {Error} when the socket is broken */
  flush(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const taken = native.send(this.#fd, first);
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
  }
}
