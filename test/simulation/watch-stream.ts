/**
 * A watch as a candidate sees it: what the server tells, in order and soon, as long as all goes well. Else it begins
 * with the past, stalls for ever, ends, breaks, lags, leaves out, repeats what has long been over, or swaps.
 */
import { LockFault, type Sighting } from '../../src/election/lock.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import type { ProcessClock } from './machine.ts';
import type { Dice, Endpoint } from './wire.ts';

export interface StreamOptions {
  readonly truth: FakeClock;
  readonly clock: ProcessClock;
  readonly dice: Dice;
  readonly signal: AbortSignal;
  readonly onSighting: (sighting: Sighting) => void;
  readonly isUnlucky: () => boolean;
  /** How long nothing gets through any more. */
  readonly heldForMs: () => number;
  /** Until everything heals. */
  readonly leftMs: () => number;
}

type Item = Sighting | 'end' | 'break';

export async function* watchStream(
  server: Endpoint,
  options: StreamOptions,
): AsyncGenerator<Sighting> {
  const { clock, signal, onSighting } = options;
  const arrived: Item[] = [];
  let wake: () => void = () => undefined;
  const arrive = (item: Item) => {
    arrived.push(item);
    wake();
  };
  const stop = transmit(server, options, arrive);
  const onAbort = () => {
    arrive('end');
  };
  const isOver = () => signal.aborted;
  signal.addEventListener('abort', onAbort);
  try {
    while (!isOver()) {
      const item = arrived.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      await clock.awake();
      if (item === 'end' || isOver()) return;
      if (item === 'break') throw new LockFault('unreachable', 'the watch broke');
      onSighting(item);
      yield item;
    }
  } finally {
    stop();
    signal.removeEventListener('abort', onAbort);
  }
}

/** Sends what happens on the server on its way, and the present state first. */
function transmit(
  server: Endpoint,
  options: StreamOptions,
  arrive: (item: Item) => void,
): () => void {
  const { truth, dice, isUnlucky, heldForMs, leftMs } = options;
  let isSilent = false;
  let dueMs = truth.now();
  const send = (item: Item, lateMs = 0) => {
    // Nothing that was sent later arrives sooner.
    dueMs = Math.max(dueMs, truth.now() + Math.max(0, heldForMs()) + lateMs + dice() * dice() * 20);
    void truth.sleep(dueMs - truth.now()).then(() => {
      arrive(item);
    });
  };
  const mishap = (sighting: Sighting) => {
    const fate = Math.floor(dice() * 7);
    const old = server.past(1 + Math.floor(dice() * 5));
    if (fate === 0) isSilent = true;
    if (fate === 1) send('end');
    if (fate === 2) send('break');
    if (fate === 3) send(sighting, Math.min(dice() * 7_000, leftMs()));
    if (fate === 4) return;
    if (fate === 5) send(sighting);
    if (fate >= 5 && old) send(old);
    if (fate === 6) send(sighting);
  };
  const tell = (sighting: Sighting) => {
    // A connection that was cut for long may never have been told.
    if (heldForMs() > 0 && dice() < 0.3) isSilent = true;
    if (isSilent) return;
    if (isUnlucky()) mishap(sighting);
    else send(sighting);
  };
  const present = server.past(0);
  const start = isUnlucky() ? server.past(Math.floor(dice() * 4)) : present;
  if (start?.seen) tell(start);
  return server.watch(tell);
}
