/** Events and the signals that abort, as the web has them: what we and our libraries use of them. */

type Listener = ((event: HostEvent) => void) | { handleEvent: (event: HostEvent) => void };

interface Entry {
  readonly type: string;
  readonly listener: Listener;
  readonly once: boolean;
}

export class HostEvent {
  readonly type: string;
  target: HostEventTarget | undefined;

  constructor(type: string) {
    this.type = type;
  }
}

export class HostEventTarget {
  readonly #entries: Entry[] = [];

  addEventListener(
    type: string,
    listener: Listener | null,
    options?: boolean | { once?: boolean; signal?: HostAbortSignal },
  ): void {
    const { once = false, signal } = typeof options === 'object' ? options : plain;
    if (listener === null || signal?.aborted || this.#placeOf(type, listener) >= 0) return;
    this.#entries.push({ type, listener, once });
    signal?.addEventListener('abort', () => {
      this.removeEventListener(type, listener);
    });
  }

  removeEventListener(type: string, listener: Listener | null): void {
    const place = this.#placeOf(type, listener);
    if (place >= 0) this.#entries.splice(place, 1);
  }

  dispatchEvent(event: HostEvent): boolean {
    event.target = this;
    if (this.#entries.length === 0) return true;
    for (const { type, listener, once } of [...this.#entries]) {
      // An earlier one may have removed it.
      if (type !== event.type || this.#placeOf(type, listener) < 0) continue;
      if (once) this.removeEventListener(type, listener);
      if (typeof listener === 'function') listener.call(this, event);
      else listener.handleEvent(event);
    }
    return true;
  }

  #placeOf(type: string, listener: Listener | null): number {
    for (let place = 0; place < this.#entries.length; place += 1) {
      const entry = this.#entries[place];
      if (entry?.listener === listener && entry.type === type) return place;
    }
    return -1;
  }
}

const plain: { once?: boolean; signal?: HostAbortSignal } = {};

/** Only the controller and the signal that follows others may abort one. */
const abortSignal = Symbol('abort');

export class HostAbortSignal extends HostEventTarget {
  aborted = false;
  onabort: ((event: HostEvent) => void) | null = null;

  #reason: unknown;

  /** Made when somebody asks for it: most who abort give none, and nobody asks. */
  get reason(): unknown {
    if (this.aborted && this.#reason === undefined)
      this.#reason = new DOMException('This operation was aborted', 'AbortError');
    return this.#reason;
  }

  static abort(reason?: unknown): HostAbortSignal {
    const signal = new HostAbortSignal();
    signal[abortSignal](reason);
    return signal;
  }

  static timeout(ms: number): HostAbortSignal {
    const signal = new HostAbortSignal();
    native.timer(ms, () => {
      signal[abortSignal](new DOMException('The operation timed out.', 'TimeoutError'));
    });
    return signal;
  }

  static any(signals: Iterable<HostAbortSignal>): HostAbortSignal {
    const all = [...signals];
    const aborted = all.find((signal) => signal.aborted);
    if (aborted) return HostAbortSignal.abort(aborted.reason);
    const follower = new HostAbortSignal();
    const follow = (event: HostEvent) => {
      for (const signal of all) signal.removeEventListener('abort', follow);
      follower[abortSignal]((event.target as HostAbortSignal).reason);
    };
    for (const signal of all) signal.addEventListener('abort', follow);
    return follower;
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  [abortSignal](reason: unknown) {
    if (this.aborted) return;
    this.aborted = true;
    this.#reason = reason;
    const event = new HostEvent('abort');
    event.target = this;
    this.onabort?.(event);
    this.dispatchEvent(event);
  }
}

export class HostAbortController {
  readonly signal = new HostAbortSignal();

  abort(reason?: unknown): void {
    this.signal[abortSignal](reason);
  }
}
