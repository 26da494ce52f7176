/** Events and the signals that abort, as the web has them: what we and our libraries use of them. */

type Listener = ((event: HostEvent) => void) | { handleEvent: (event: HostEvent) => void };

interface Entry {
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
  readonly #listeners = new Map<string, Entry[]>();

  addEventListener(
    type: string,
    listener: Listener | null,
    options?: boolean | { once?: boolean; signal?: HostAbortSignal },
  ): void {
    const { once = false, signal } = typeof options === 'object' ? options : {};
    const known = this.#listeners.get(type) ?? [];
    if (listener === null || signal?.aborted) return;
    if (known.some((entry) => entry.listener === listener)) return;
    this.#listeners.set(type, [...known, { listener, once }]);
    signal?.addEventListener('abort', () => {
      this.removeEventListener(type, listener);
    });
  }

  removeEventListener(type: string, listener: Listener | null): void {
    const left = this.#listeners.get(type)?.filter((entry) => entry.listener !== listener) ?? [];
    if (left.length > 0) this.#listeners.set(type, left);
    else this.#listeners.delete(type);
  }

  dispatchEvent(event: HostEvent): boolean {
    event.target = this;
    for (const { listener, once } of this.#listeners.get(event.type) ?? []) {
      if (once) this.removeEventListener(event.type, listener);
      else if (!this.#listeners.get(event.type)?.some((entry) => entry.listener === listener))
        continue; // an earlier one has removed it
      if (typeof listener === 'function') listener.call(this, event);
      else listener.handleEvent(event);
    }
    return true;
  }
}

/** Only the controller and the signal that follows others may abort one. */
const abortSignal = Symbol('abort');

export class HostAbortSignal extends HostEventTarget {
  aborted = false;
  reason: unknown;
  onabort: ((event: HostEvent) => void) | null = null;

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

  [abortSignal](reason: unknown = new DOMException('This operation was aborted', 'AbortError')) {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
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
