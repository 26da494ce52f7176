/**
 * Keeps a watch on the lock open, for a candidate that stands by or for a leader.
 *
 *     idle ── start ──▶ opening ── the present state is seen ──▶ open ──┐
 *      ▲                  ▲  └── refused, silent ──┐                    │ ended, broke, or made to begin anew
 *      └── stop ──────────┴────────── pausing ◀────┴────────────────────┘
 *
 * Nothing about safety depends on it (R6). What it sees comes late, stale or never, and is only a reason to
 * look, or to write with compare-and-swap. While it is not open, candidates poll, and leaders find out by renewing.
 */
import type { Clock } from './clock.ts';
import { asFault, type Lock, type LockFault, type Sighting } from './lock.ts';
import type { ElectorOptions } from './options.ts';
import { backoffMs, bounded } from './request.ts';
import type { Vigil } from './vigil.ts';

export type WatchOptions = Required<
  Pick<ElectorOptions, 'lock' | 'clock' | 'timing' | 'requestTimeoutMs' | 'random' | 'emit'>
>;

type Watch = NonNullable<Lock['watch']>;

/** Log a watch that has been failing for this long. */
const patienceMs = 30_000;
const longestPauseMs = 30_000;
/** Permissions change rarely. But a server that is just starting denies everything for a moment: once does not count. */
const deniedPauseMs = 300_000;
/** Read no further until these have been taken. */
const mostUntaken = 32;

const turnMs = 1;
const longTurnMs = 4;
/** A candidate on a busy machine must claim at some point. */
const mostTurns = 5;

export class LockWatch {
  readonly #options: WatchOptions;
  #sightings: Sighting[] = [];
  #onNews: () => void = () => undefined;
  #onTaken: () => void = () => undefined;
  #stopped = new AbortController();
  #current = new AbortController();
  #isOpen = false;
  #isReported = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#stopped.abort();
  }

  /** Whether changes are seen as they happen, as far as anybody knows: something has been seen, and the watch goes on. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What {@link take} would return. */
  get untaken(): readonly Sighting[] {
    return this.#sightings;
  }

  /** Calls `onNews`, and nobody else any more, whenever something can be taken or `isOpen` has changed. */
  listen(onNews: () => void): void {
    this.#onNews = onNews;
  }

  /** Watches until `stop()`; once is enough. Does nothing where the lock cannot be watched. */
  start(): void {
    const { lock } = this.#options;
    if (!this.#stopped.signal.aborted || !lock.watch) return;
    this.#stopped = new AbortController();
    void this.#keepWatching(lock.watch.bind(lock), this.#stopped.signal);
  }

  /** The watch has missed something: begins a new one. */
  renew(): void {
    this.#current.abort();
  }

  stop(): void {
    this.#stopped.abort();
    this.#current.abort();
    this.#isOpen = false;
    this.take();
  }

  /** What has been seen since the last call, in the order in which it came. */
  take(): Sighting[] {
    const taken = this.#sightings;
    this.#sightings = [];
    this.#onTaken();
    return taken;
  }

  async #keepWatching(watch: Watch, stopped: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const isStopped = () => stopped.aborted;
    let failures = 0;
    let denials = 0;
    let failingSinceMs = Infinity;
    while (!isStopped()) {
      this.#current = new AbortController();
      const fault = await this.#watch(watch, this.#current);
      if (isStopped()) return;
      failures = this.#isOpen ? 0 : failures + 1;
      denials = this.#isOpen || fault?.kind !== 'denied' ? 0 : denials + 1;
      failingSinceMs = this.#isOpen ? Infinity : Math.min(failingSinceMs, clock.now());
      const isLasting = clock.now() - failingSinceMs >= patienceMs;
      this.#options.emit({ kind: 'watch-ended', fault });
      if (fault && (isLasting || isMeant(denials))) this.#report(fault);
      this.#isOpen = false;
      this.#onNews();
      await clock.sleep(this.#pauseMs({ failures, denials, fault }), stopped);
    }
  }

  /** One watch, from its request to its end, and what has ended it if it was a fault. */
  async #watch(watch: Watch, attempt: AbortController): Promise<LockFault | undefined> {
    const { clock, requestTimeoutMs } = this.#options;
    const { signal } = attempt;
    try {
      const bound = { clock, boundMs: requestTimeoutMs, signal };
      const sightings = await bounded(bound, () => watch(signal));
      await this.#follow(sightings[Symbol.asyncIterator](), signal);
      return undefined;
    } catch (thrown) {
      return asFault(thrown);
    } finally {
      attempt.abort();
    }
  }

  async #follow(sightings: AsyncIterator<Sighting>, signal: AbortSignal): Promise<void> {
    for (;;) {
      const next = await unlessAborted(sightings.next(), signal);
      if (!next || next.done) break;
      this.#see(next.value);
      if (this.#sightings.length >= mostUntaken)
        await new Promise<void>((resolve) => (this.#onTaken = resolve));
    }
    // A lock that does not listen may never end it.
    void Promise.resolve(sightings.return?.()).catch(() => undefined);
  }

  #see(sighting: Sighting): void {
    this.#sightings.push(sighting);
    this.#isOpen = true;
    if (this.#isReported) this.#options.emit({ kind: 'watched' });
    this.#isReported = false;
    this.#onNews();
  }

  #report(fault: LockFault): void {
    if (!this.#isReported) this.#options.emit({ kind: 'unwatched', fault });
    this.#isReported = true;
  }

  /** At once when a watch has ended in good order; when it broke, many may have, and all would come back together. */
  #pauseMs({ failures, denials, fault }: Trouble): number {
    const { timing, random } = this.#options;
    if (isMeant(denials)) return deniedPauseMs * (1 + 0.2 * random());
    if (failures === 0)
      return fault ? timing.retryPeriodMs * random() : backoffMs(0, { timing, spread: random() });
    const doublingMs = Math.min(timing.retryPeriodMs * 2 ** Math.min(failures, 20), longestPauseMs);
    return Math.max(doublingMs, fault?.retryAfterMs ?? 0) * (0.5 + random());
  }
}

/** How watching has gone of late. */
interface Trouble {
  /** In a row, of any kind. */
  readonly failures: number;
  /** In a row, until now. */
  readonly denials: number;
  readonly fault: LockFault | undefined;
}

/** A server that has just been started refuses everybody until it knows the Roles: once is no answer. */
function isMeant(denials: number): boolean {
  return denials > 1;
}

/** Returns on abort even if the work ignores the signal. Leaves no listener on the signal. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  let giveUp: () => void = () => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    giveUp = () => {
      resolve(undefined);
    };
  });
  signal.addEventListener('abort', giveUp);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

export interface WaitingOptions {
  readonly clock: Clock;
  readonly watch: LockWatch;
  /** Somebody's death wakes as well. */
  readonly vigil?: Pick<Vigil, 'listen'>;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Waits for a candidate's next step, or until the watch has something to tell.
 *
 * Timers ring before sockets are read. So the last millisecond is a turn by itself, in which news of a winner may come
 * in. Where a turn takes long the machine has had more to do than that, as when a whole crowd is woken by one release:
 * then what is known may be old, and there is another turn. Of 1,000 standbys on two processors most have seen the
 * winner by then, and save the server their claims, and the winner the wait behind them.
 */
export async function waitForNews(ms: number, options: WaitingOptions): Promise<void> {
  const { clock, watch, vigil, signal } = options;
  const nap = new AbortController();
  const wake = () => {
    nap.abort();
  };
  signal.addEventListener('abort', wake);
  watch.listen(wake);
  vigil?.listen(wake);
  await clock.sleep(ms - turnMs, nap.signal);
  const isWoken = () => nap.signal.aborted;
  for (let turns = 0; turns < mostTurns && !isWoken(); turns += 1) {
    const beganAtMs = clock.now();
    await clock.sleep(Math.min(ms, turnMs), nap.signal);
    if (clock.now() - beganAtMs < longTurnMs) break;
  }
  signal.removeEventListener('abort', wake);
}
