import type { Clock } from './election/clock.ts';
import type { Term } from './election/term.ts';
import type { RunListener } from './events.ts';

export interface HoldPorts {
  readonly clock: Clock;
  readonly emit: RunListener;
}

/**
 * `--min-hold`: keeps the lock, renewed, for so long after CMD has ended. A signal ends it, a wish for another leader,
 * and a loss; if we are killed, the lease runs out as ever.
 */
export async function hold(term: Term, ms: number, { clock, emit }: HoldPorts): Promise<void> {
  const endsAtMs = clock.now() + ms;
  const isOver = () => term.signal.aborted || clock.now() >= endsAtMs;
  if (!isOver()) emit({ type: 'holding', forMs: ms });
  while (!isOver()) await clock.sleep(endsAtMs - clock.now(), term.signal);
}
