/**
 * How a candidate waits for its next step: until then, or until the watch has something to tell.
 *
 * Timers ring before sockets are read. So the last millisecond is a turn by itself, in which news of a winner may come
 * in. Where a turn takes long the machine has had more to do than that, as when a whole crowd is woken by one release:
 * then what is known may be old, and there is another turn. Of 1,000 standbys on two processors most have seen the
 * winner by then, and save the server their claims, and the winner the wait behind them.
 */
import type { Clock } from './clock.ts';
import type { Lookout } from './lookout.ts';

const turnMs = 1;
const longTurnMs = 4;
/** Who stays busy has to claim some time. */
const mostTurns = 5;

export interface WaitingOptions {
  readonly clock: Clock;
  readonly lookout: Lookout;
  /** Ends it. */
  readonly signal: AbortSignal;
}

export async function waitForNews(ms: number, options: WaitingOptions): Promise<void> {
  const { clock, lookout, signal } = options;
  const nap = new AbortController();
  const wake = () => {
    nap.abort();
  };
  signal.addEventListener('abort', wake);
  lookout.listen(wake);
  await clock.sleep(ms - turnMs, nap.signal);
  const isWoken = () => nap.signal.aborted;
  for (let turns = 0; turns < mostTurns && !isWoken(); turns += 1) {
    const beganAtMs = clock.now();
    await clock.sleep(Math.min(ms, turnMs), nap.signal);
    if (clock.now() - beganAtMs < longTurnMs) break;
  }
  signal.removeEventListener('abort', wake);
}
