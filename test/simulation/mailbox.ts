/** Signals to one process, kept while nobody listens: what the door does. */
import type { ForwardedSignal, SignalSource } from '../../src/child/signals.ts';

export class Mailbox implements SignalSource {
  readonly #onHandedOver: (signal: ForwardedSignal, handOver: () => void) => void;
  readonly #kept: ForwardedSignal[] = [];
  #listener: ((signal: ForwardedSignal) => void) | undefined;

  /** `onHandedOver` is called around each delivery. */
  constructor(onHandedOver: (signal: ForwardedSignal, handOver: () => void) => void) {
    this.#onHandedOver = onHandedOver;
  }

  deliver(signal: ForwardedSignal): void {
    const listener = this.#listener;
    if (!listener) this.#kept.push(signal);
    else
      this.#onHandedOver(signal, () => {
        listener(signal);
      });
  }

  listen(listener: (signal: ForwardedSignal) => void): void {
    this.#listener = listener;
    for (const signal of this.#kept.splice(0)) this.deliver(signal);
  }

  hold(): void {
    this.#listener = undefined;
  }
}
