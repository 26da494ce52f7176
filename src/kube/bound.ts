import { LockFault } from '../election/lock.ts';

/** What ends a piece of work that has not ended by itself. */
interface Bound {
  /** The peer that should answer, for the message. */
  readonly peer: string;
  readonly timeoutMs: number;
  /** The caller no longer wants the answer. */
  readonly signal: AbortSignal;
  /** What the work needs is being closed. */
  readonly closing: AbortSignal;
}

/**
 * What a bound is for. `outlive` is for work that has made something which goes on beyond its own end: the signal still
 * follows the others, though not the bound, until the function that it returns is called.
 */
export type Work<T> = (signal: AbortSignal, outlive: () => () => void) => Promise<T>;

/**
 * Runs `work` with a signal that aborts at the bound, and does not wait for work that ignores it.
 * Leaves nothing behind on signals that outlive the work.
 * @throws {LockFault} `unreachable` at the bound; it is also the reason of the work's signal
 */
export async function withinBound<T>(
  { peer, timeoutMs, signal, closing }: Bound,
  work: Work<T>,
): Promise<T> {
  const end = new AbortController();
  const endWith = (reason: string) => () => {
    end.abort(new LockFault('unreachable', reason));
  };
  const giveUp = endWith(`the request to ${peer} was given up`);
  const close = endWith(`the connection to ${peer} has been closed`);
  if (signal.aborted) giveUp();
  if (closing.aborted) close();
  end.signal.throwIfAborted();

  const late = endWith(`no answer from ${peer} within ${String(timeoutMs / 1_000)} s`);
  const timer = setTimeout(late, timeoutMs);
  signal.addEventListener('abort', giveUp);
  closing.addEventListener('abort', close);
  let release = (): void => {
    signal.removeEventListener('abort', giveUp);
    closing.removeEventListener('abort', close);
  };
  const outlive = (): (() => void) => {
    const later = release;
    release = () => undefined;
    return later;
  };
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onEnd = () => {
    reject(end.signal.reason as LockFault);
  };
  end.signal.addEventListener('abort', onEnd);
  try {
    return await Promise.race([ended, work(end.signal, outlive)]);
  } finally {
    clearTimeout(timer);
    end.signal.removeEventListener('abort', onEnd);
    release();
  }
}
