import type { ForwardedSignal, SignalSource } from '../../src/child/signals.ts';

/** Signals as the door delivers them. */
export class FakeSignals implements SignalSource {
  /** What came while nobody listened. */
  readonly held: ForwardedSignal[] = [];
  #listener: ((signal: ForwardedSignal) => void) | undefined;

  listen(listener: (signal: ForwardedSignal) => void): void {
    this.#listener = listener;
    for (const signal of this.held.splice(0)) listener(signal);
  }

  hold(): void {
    this.#listener = undefined;
  }

  deliver(signal: ForwardedSignal): void {
    if (this.#listener) this.#listener(signal);
    else this.held.push(signal);
  }
}
