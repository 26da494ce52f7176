/**
 * One term with callbacks, as in client-go, except that nothing is handed back before the work is gone.
 *
 *     campaign ── elected ──▶ onStartedLeading ── lost, shutdown, released, or it throws ──▶ wait until it has ended
 *        │                                                                                        │
 *        └── signal ──▶ aborted                     end ◀── release ◀── onStoppedLeading, awaited ┘
 *
 * client-go cancels a context and releases at once, and kubernetes_asyncio cancels a task: both let somebody else lead
 * while the work still winds down. Here the work is told (`term.signal`), awaited, then cleaned up after, and only then
 * is the lock handed back; on a shutdown it is renewed until then.
 */
import type { Loss } from '../election/events.ts';
import { AskedToStepDown, TermReleased } from '../election/events.ts';
import type { Term } from '../election/term.ts';

/** Why a leader stopped. */
export type StopReason =
  /** The term was lost. */
  | { readonly kind: 'lost'; readonly loss: Loss }
  /** The signal aborted, or `stop()` was called. */
  | { readonly kind: 'shutdown' }
  /** Somebody asked the leader to hand over (`k8s-leader step-down`). */
  | { readonly kind: 'step-down' }
  /** The work itself called `term.release()`. */
  | { readonly kind: 'released' }
  /** `onStartedLeading` threw or rejected, and not only because its signal had aborted. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** How a run came to its end: as the term did, or before there was one. */
export type RunEnd = Exclude<StopReason, { kind: 'failed' }> | { readonly kind: 'aborted' };

export interface RunCallbacks {
  /** Ends the campaign, or asks the leader's work to end. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The work, or what starts it. A return leaves the term as it is, since what was started may go on: leadership ends
   * with a loss, the signal, `stop()`, or `term.release()`. A throw ends it: a leader that does nothing must not lead.
   * Give `term.signal` to all that it waits for; until it has ended, nothing is handed back.
   */
  readonly onStartedLeading: (term: Term) => unknown;
  /**
   * The last word, for every `onStartedLeading`: called when that has ended, and awaited before the lock is handed back.
   * After a loss somebody else may lead already.
   */
  readonly onStoppedLeading?: ((reason: StopReason) => unknown) | undefined;
  /** Called with every leader that was not the one before, ourselves included. What it throws is ignored. */
  readonly onNewLeader?: ((identity: string) => void) | undefined;
}

/** From the election to the release. @throws what the callbacks threw, after the release */
export async function lead(
  term: Term,
  { onStartedLeading, onStoppedLeading }: RunCallbacks,
): Promise<RunEnd> {
  try {
    const reason = await endOfWork(term, onStartedLeading);
    await onStoppedLeading?.(reason);
    if (reason.kind === 'failed') throw reason.error;
    return reason;
  } finally {
    await term.release();
  }
}

async function endOfWork(term: Term, work: RunCallbacks['onStartedLeading']): Promise<StopReason> {
  const { signal } = term;
  const { promise: told, resolve: tell } = Promise.withResolvers<undefined>();
  const onAbort = () => {
    tell(undefined);
  };
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  const working = Promise.resolve(term).then(work);
  const failed = working.then(
    () => told,
    (error: unknown): StopReason => ({ kind: 'failed', error }),
  );
  const failure = await Promise.race([told, failed]);
  signal.removeEventListener('abort', onAbort);
  if (failure) return failure;
  try {
    await working;
  } catch (error) {
    if (!isEcho(error, signal)) return { kind: 'failed', error };
  }
  return reasonOf(term);
}

/** Work that was told to end says so by throwing: fetch the reason itself, node:timers an AbortError. */
function isEcho(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}

function reasonOf({ loss, signal }: Term): StopReason {
  if (loss) return { kind: 'lost', loss };
  if (signal.reason instanceof AskedToStepDown) return { kind: 'step-down' };
  return { kind: signal.reason instanceof TermReleased ? 'released' : 'shutdown' };
}
