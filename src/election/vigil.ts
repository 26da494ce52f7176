/** Follows one holder at a time, to learn of its death (R15). It decides nothing, and holds nothing up. */
import { isSameHome, type Death, type Deaths } from './death.ts';
import type { Home } from './lock.ts';

export class Vigil {
  readonly #deaths: Deaths | undefined;
  #home: Home | undefined;
  #over = new AbortController();
  #death: Death | undefined;
  #onDeath: () => void = () => undefined;

  /** Without a port for deaths nobody is followed. */
  constructor(deaths: Deaths | undefined) {
    this.#deaths = deaths;
  }

  /** From now on this one and nobody else; undefined: nobody. */
  follow(home: Home | undefined): void {
    if (!this.#deaths || isSameHome(home, this.#home)) return;
    this.#over.abort();
    this.#home = home;
    if (!home) return;
    this.#over = new AbortController();
    void this.#wait(this.#deaths, home, this.#over.signal);
  }

  /** Calls `onDeath`, and nobody else any more, when something can be taken. */
  listen(onDeath: () => void): void {
    this.#onDeath = onDeath;
    if (this.#death) onDeath();
  }

  /** What has been certified since the last call. */
  take(): Death | undefined {
    const death = this.#death;
    this.#death = undefined;
    return death;
  }

  stop(): void {
    this.follow(undefined);
    this.take();
  }

  async #wait(deaths: Deaths, home: Home, signal: AbortSignal): Promise<void> {
    const death = await deaths.untilCertified(home, signal).catch(() => undefined);
    if (!death || signal.aborted) return;
    this.#death = { ...death, home };
    this.#onDeath();
  }
}
