/**
 * How a request is sent: with a bound, since a lock that never answers is a fault and not a wait; after a while once more
 * over a fresh connection (R8); and after a failure, not at once.
 */
import type { Clock } from './clock.ts';
import { asFault, LockFault } from './lock.ts';
import type { Timing } from './timing.ts';

const firstRetryMs = 100;

export interface Bound {
  readonly clock: Clock;
  readonly boundMs: number;
  /** Ends the call early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `call` with a signal that aborts after `boundMs`; gives up on it then even if it ignores the signal.
 * @throws {LockFault} whatever went wrong, in time
 */
export async function bounded<T>(
  { clock, boundMs, signal }: Bound,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const wake = new AbortController();
  const cutOff = new AbortController();
  const giveUp = () => {
    wake.abort();
  };
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) giveUp();

  let answered = false;
  const alarm = clock.sleep(boundMs, wake.signal).then((): never => {
    if (!answered) cutOff.abort();
    const reason = signal?.aborted
      ? 'given up'
      : `no answer within ${String(Math.round(boundMs) / 1_000)}s`;
    throw new LockFault('unreachable', reason);
  });
  alarm.catch(() => undefined);
  try {
    return await Promise.race([call(cutOff.signal), alarm]);
  } catch (thrown) {
    throw asFault(thrown);
  } finally {
    answered = true;
    signal?.removeEventListener('abort', giveUp);
    wake.abort();
  }
}

/**
 * How long to stay away after the `failures`-th fault in a row (from 0): doubling up to the retry period, longer
 * when the server asks for it, spread by up to 20 % so that many candidates do not come back together.
 */
export function backoffMs(
  failures: number,
  { fault, timing, spread }: { fault?: LockFault | undefined; timing: Timing; spread: number },
): number {
  const doubling = Math.min(firstRetryMs * 2 ** Math.min(failures, 20), timing.retryPeriodMs);
  return Math.max(doubling, fault?.retryAfterMs ?? 0) * (1 + 0.2 * spread);
}

/** One sending, over a new connection if it is to be `fresh`. */
export type Send<T> = (cutOff: AbortSignal, fresh: boolean) => Promise<T>;

/** Asked before anything is sent a second time. */
export type IsWanted = () => boolean;
export const always: IsWanted = () => true;

interface Hedging {
  readonly isWanted: IsWanted;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Of all sendings together; otherwise each has the request timeout. */
  readonly boundMs?: number;
}

export interface HedgeOptions {
  readonly clock: Clock;
  readonly timing: Timing;
  /** Bound of each single request. */
  readonly requestTimeoutMs: number;
}

/** Sends a request that is not answered a second time, over a fresh connection. */
export class Hedge {
  readonly #options: HedgeOptions;
  readonly #undecided = new Set<AbortController>();
  #connectionIsSuspect = false;

  constructor(options: HedgeOptions) {
    this.#options = options;
  }

  /** Waits for no answer any more. What has been sent may still be applied. */
  abandon(): void {
    for (const decided of this.#undecided) decided.abort();
  }

  /** The first answer, be it to the first sending or to the second. @throws {LockFault} when there is none */
  async send<T>(send: Send<T>, how: Hedging): Promise<{ answer: T; isHedged: boolean }> {
    const { clock, timing, requestTimeoutMs } = this.#options;
    const endsAtMs = clock.now() + (how.boundMs ?? Infinity);
    const decided = new AbortController();
    const answered = new AbortController();
    const giveUp = () => {
      decided.abort();
    };
    const attempt = (fresh: boolean) => {
      const boundMs = Math.min(endsAtMs - clock.now(), requestTimeoutMs);
      return bounded({ clock, boundMs, signal: decided.signal }, (cutOff) => send(cutOff, fresh));
    };
    this.#undecided.add(decided);
    how.signal?.addEventListener('abort', giveUp);
    if (how.signal?.aborted) giveUp();
    try {
      const first = attempt(this.#connectionIsSuspect).finally(() => {
        answered.abort();
      });
      first.catch(() => undefined);
      await clock.sleep(hedgeAfterMs(timing), answered.signal);
      const isHedged = !answered.signal.aborted && how.isWanted();
      this.#connectionIsSuspect = true;
      const answer = await (isHedged ? Promise.any([first, attempt(true)]) : first);
      this.#connectionIsSuspect = false;
      return { answer, isHedged };
    } catch (thrown) {
      throw thrown instanceof AggregateError ? asFault(thrown.errors.at(-1)) : thrown;
    } finally {
      decided.abort();
      this.#undecided.delete(decided);
      how.signal?.removeEventListener('abort', giveUp);
    }
  }
}

/** Late enough to be rare, early enough that the second try and an answer fit before the renew deadline. */
function hedgeAfterMs({ retryPeriodMs, renewDeadlineMs }: Timing): number {
  return Math.min(retryPeriodMs, (renewDeadlineMs - retryPeriodMs) / 3);
}
