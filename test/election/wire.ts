import type { Call, Network } from '../../src/testing/memory-lock.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';

/** Milliseconds, for ever, until the test says so, or a failure at once. */
export type Delay = number | 'never' | Promise<unknown> | Error;

/** Holds something up until the test opens it. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  const opening = new AbortController();
  const opened = new Promise<void>((resolve) => {
    opening.signal.addEventListener('abort', () => {
      resolve();
    });
  });
  return {
    opened,
    open: () => {
      opening.abort();
    },
  };
}

/** What happens to a request on its way there, and to its answer on the way back. */
export interface Fate {
  readonly there?: Delay;
  readonly back?: Delay;
}

export interface TimedCall extends Call {
  readonly atMs: number;
}

/** The way between one replica and the server, good unless a test says otherwise. Remembers who called when. */
export class Wire implements Network {
  readonly calls: TimedCall[] = [];
  /** The fate of every call that {@link once} does not cover. */
  rule: (call: Call) => Fate | undefined = () => undefined;
  readonly #clock: FakeClock;
  readonly #once: { verb: Call['verb']; fate: Fate }[] = [];
  readonly #fates = new WeakMap<Call, Fate>();

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** The next call with this verb. Said twice, the next two. */
  once(verb: Call['verb'], fate: Fate): void {
    this.#once.push({ verb, fate });
  }

  /** From now on every request is swallowed, or with `'answers'` every answer. */
  cut(what: 'requests' | 'answers' = 'requests'): void {
    this.rule = () => (what === 'requests' ? { there: 'never' } : { back: 'never' });
  }

  heal(): void {
    this.rule = () => undefined;
  }

  onTheWayThere(call: Call): Promise<void> | void {
    this.calls.push({ ...call, atMs: this.#clock.now() });
    const index = this.#once.findIndex(({ verb }) => verb === call.verb);
    const [next] = index < 0 ? [] : this.#once.splice(index, 1);
    const fate = next?.fate ?? this.rule(call) ?? {};
    this.#fates.set(call, fate);
    return this.#delayed(fate.there);
  }

  onTheWayBack(call: Call): Promise<void> | void {
    return this.#delayed(this.#fates.get(call)?.back);
  }

  async #delayed(delay: Delay | undefined): Promise<void> {
    if (delay === undefined) return;
    if (delay instanceof Error) throw delay;
    if (delay === 'never') await new Promise(() => undefined);
    else if (typeof delay === 'number') await this.#clock.sleep(delay);
    else await delay;
  }
}
