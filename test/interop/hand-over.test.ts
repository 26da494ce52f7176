/**
 * Ours and the electors that others run, on one Lease with equal durations: who leads when, by what the
 * work of both has written down about itself in one clock.
 *
 * What the others do, and these tests show:
 * - client-go gives the lock back when it is stopped. The Python electors have no release: after them
 *   the lease runs out, however gently they were stopped.
 * - All take a lock that ours has given back (holder "") at their next look, the Python ones as well.
 * - The Python electors wait by their own duration, not the record's, and never count transitions.
 */
import { describe } from 'vitest';
import { pairs, timing } from './support/electors.ts';
import { handOvers } from './support/hand-over.ts';

const record = (transitions: number) => ({ seconds: timing.leaseDuration, transitions });

const define = handOvers({
  async read(meeting, holder) {
    const { leaseDurationSeconds, leaseTransitions } = await meeting.recordOf(holder);
    return { seconds: leaseDurationSeconds, transitions: leaseTransitions ?? 0 };
  },
  ofOurs: record,
  ofTheirs: ({ elector }, transitions) => record(elector.countsTransitions ? transitions : 0),
});

for (const pair of pairs)
  describe.concurrent(
    `${pair.elector.name} and ours on one ${pair.kind} never lead at once:`,
    () => {
      define(pair);
    },
  );
