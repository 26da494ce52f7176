/** A bound on every request: a lock that never answers is a fault, not a wait. */
import type { Clock } from './clock.ts';
import { asFault, LockFault } from './lock.ts';

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
