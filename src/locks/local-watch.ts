/**
 * Shows what becomes of a local lock, at once where the kernel tells of the rename that swaps its states.
 *
 *     look ── another state ──▶ show it ──▶ wait for the bell, or for a while ──▶ look
 *
 * The bell is a watch on the folder of the lock. It is only a reason to look earlier: a machine that has no inotify
 * left, a file system that does not tell, or a folder that is another one since cost time, nothing else. The bell hangs
 * before the look, so no change falls between the two.
 */
import type { Sighting, Versioned } from '../election/lock.ts';
import { watchFolder } from '../platform/files.ts';

/** What a look at the lock finds, and in which folder. */
export interface Look {
  readonly folder: string;
  readonly seen: Versioned | undefined;
}

/** Between looks while the bell hangs, and while there is none. */
export interface Pauses {
  readonly withBellMs: number;
  readonly withoutMs: number;
}

const usualPauses: Pauses = { withBellMs: 2_000, withoutMs: 500 };

/**
 * The present state, if there is one, and then every one that a look finds. Ends when `signal` aborts, or when the lock
 * is gone.
 * @throws {LockFault} what a look throws
 */
export async function* localSightings(
  look: () => Promise<Look>,
  signal: AbortSignal,
  { withBellMs, withoutMs }: Pauses = usualPauses,
): AsyncGenerator<Sighting, undefined> {
  let bell: Bell | undefined;
  let shown: Versioned | undefined;
  try {
    while (!signal.aborted) {
      const { folder, seen } = await look();
      if (bell?.folder !== folder || !bell.hangs) {
        bell?.takeDown();
        bell = new Bell(folder);
        // What happened before it hung.
        if (bell.hangs) continue;
      }
      if (shown && !seen) return undefined;
      if (seen && !isSame(seen, shown)) yield { version: seen.version, seen };
      shown = seen;
      await bell.rung(bell.hangs ? withBellMs : withoutMs, signal);
    }
    return undefined;
  } finally {
    bell?.takeDown();
  }
}

function isSame(one: Versioned, other: Versioned | undefined): boolean {
  return one.version === other?.version && one.origin === other.origin;
}

/** Rings when the present state of the lock in a folder is another. */
class Bell {
  readonly folder: string;
  #watcher: ReturnType<typeof watchFolder> | undefined;
  #isRung = false;
  #wake: () => void = () => undefined;

  constructor(folder: string) {
    this.folder = folder;
    try {
      const onChange = (name: string) => {
        // A state that is written or swept away is not yet, or no longer, the present one.
        if (!name.startsWith('state-')) this.#ring();
      };
      this.#watcher = watchFolder(folder, onChange, () => {
        this.takeDown();
      });
    } catch {
      // No such folder yet, or no more of them for this user.
    }
  }

  get hangs(): boolean {
    return this.#watcher !== undefined;
  }

  /** Resolves when it has rung since the last call, after `ms`, or when `signal` aborts. */
  async rung(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#isRung && !signal.aborted)
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done);
        this.#wake = done;
      });
    this.#isRung = false;
  }

  takeDown(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #ring(): void {
    this.#isRung = true;
    this.#wake();
  }
}
