/**
 * Two watches as one. It begins with a look at both objects: a watch says nothing of what does not exist, and nobody could
 * tell one without an object from one that has not begun. From then on every change of either is a sighting of both. It
 * ends when one of them does.
 */
import type { Lock, RequestOptions, Sighting, Versioned } from '../election/lock.ts';
import { isLater, joinVersions } from '../election/version.ts';
import { combined, type Parts } from './pair-record.ts';

type Watch = NonNullable<Lock['watch']>;

const places = ['first', 'second'] as const;
type Place = (typeof places)[number];

/** Resolves when both watches have begun and both objects have been seen. @throws {LockFault} here and while iterating */
export async function watchBoth(
  watches: readonly [first: Watch, second: Watch],
  look: (how: RequestOptions) => Promise<Parts>,
  signal: AbortSignal,
): Promise<AsyncIterable<Sighting>> {
  const ended = new AbortController();
  // AbortSignal.any would keep both watches, where nobody ever ends them.
  const end = () => {
    signal.removeEventListener('abort', end);
    ended.abort(signal.reason);
  };
  signal.addEventListener('abort', end);
  try {
    signal.throwIfAborted();
    const streams = await Promise.all(watches.map((watch) => watch(ended.signal)));
    return merged(streams, await look({ signal: ended.signal }), end);
  } catch (thrown) {
    end();
    throw thrown;
  }
}

/** What one of the watches shows, which shows no more until it has been taken. */
interface Arrival extends Sighting {
  readonly place: Place;
  readonly taken: () => void;
}

async function* merged(
  streams: readonly AsyncIterable<Sighting>[],
  parts: Parts,
  end: () => void,
): AsyncGenerator<Sighting, undefined> {
  const arrivals: Arrival[] = [];
  let isOver = false as boolean;
  let failure: unknown;
  let wake: () => void = () => undefined;
  const pump = async (stream: AsyncIterable<Sighting>, place: Place) => {
    try {
      for await (const sighting of stream) {
        if (isOver) return;
        await new Promise<void>((taken) => {
          arrivals.push({ ...sighting, place, taken });
          wake();
        });
      }
    } catch (thrown) {
      failure ??= thrown;
    } finally {
      isOver = true;
      wake();
    }
  };
  streams.forEach((stream, index) => void pump(stream, places[index] ?? 'second'));
  try {
    const view = new View(parts);
    if (view.seen) yield view.sighting;
    for (;;) {
      const arrival = arrivals.shift();
      if (arrival) {
        if (view.take(arrival)) yield view.sighting;
        arrival.taken();
      } else if (isOver) {
        if (failure !== undefined) throw failure as Error;
        return undefined;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    isOver = true;
    end();
    for (const { taken } of arrivals) taken();
  }
}

/** The latest of both. */
class View {
  #parts: Parts;
  /** Of what is gone, the version of its deletion. */
  readonly #versions: Record<Place, string | undefined>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#versions = { first: parts.first?.version, second: parts.second?.version };
  }

  get seen(): Versioned | undefined {
    return combined(this.#parts);
  }

  get sighting(): Sighting {
    const { first, second } = this.#versions;
    return { version: joinVersions([first, second]), seen: this.seen };
  }

  /** False when it is nothing new: a watch begins with what the look has shown, and may be behind it. */
  take({ place, version, seen }: Arrival): boolean {
    const known = this.#versions[place];
    if (known !== undefined && isLater(version, known) === false) return false;
    this.#versions[place] = version;
    this.#parts = { ...this.#parts, [place]: seen };
    return true;
  }
}
