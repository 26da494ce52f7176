/**
 * A way to stderr that never blocks, never fails and never changes what CMD gets.
 *
 * stderr is shared with CMD. `process.stderr` is not touched: it would set O_NONBLOCK on a pipe that CMD writes to
 * as well. What happens instead depends on what stderr is:
 * - pipe, terminal: the same file opened once more, non-blocking, through `/proc`. Full: the line is dropped.
 * - file: written directly. It cannot be full in that sense, and a second descriptor would have its own offset.
 * - socket, or anything that cannot be opened again: one write at a time on a thread, where blocking hurts nobody;
 *   what comes meanwhile waits in a queue as long as a pipe, then is dropped.
 * Dropped lines are counted, and the number is told as soon as a line gets through.
 */
import { kindOf, reopened, writeNow, writeSome } from '../platform/descriptors.ts';
import { pause } from '../platform/timers.ts';

export type Sink = (line: string) => void;

interface Stderr {
  readonly put: Sink;
  /** Shows a line without an end, of which nothing is left when the next one is put or shown. For terminals. */
  readonly show: Sink;
  /** How many lines could not be written so far. */
  readonly dropped: () => number;
  /** Waits for what was taken to be written, but not long. A thread may still hang in a write that nobody reads. */
  drained(): Promise<void>;
}

const stderrFd = 2;
/** What a pipe takes in one piece (PIPE_BUF). */
const longestLine = 4_096;
/** What a pipe holds. */
const longestQueue = 65_536;
const askAgainMs = 10;
/** Where the line begins, and nothing is left of what stood there. */
const wipe = '\r\u001b[K';
/** For a reader that is slow but alive. */
const patienceMs = 500;

export function openStderr(): Stderr {
  const way = opener();
  let dropped = 0;
  let untold = 0;
  let shown = '';
  return {
    put(line) {
      const note = untold > 0 ? `k8s-leader: ${String(untold)} log lines were dropped\n` : '';
      if (way.put((shown === '' ? '' : wipe) + note + clip(line))) {
        untold = 0;
        shown = '';
      } else {
        untold += 1;
        dropped += 1;
      }
    },
    show(line) {
      if (line !== shown && way.put(wipe + line)) shown = line;
    },
    dropped: () => dropped,
    drained: way.drained,
  };
}

interface Way {
  /** Whether the text was taken. */
  readonly put: (text: string) => boolean;
  readonly drained: () => Promise<void>;
}

function opener(): Way {
  const kind = kindOf(stderrFd);
  if (kind === 'file') return immediate(stderrFd);
  const own = kind === 'stream' ? ownWay() : undefined;
  return own === undefined ? queued() : immediate(own);
}

function immediate(fd: number): Way {
  return { put: (text) => putNow(fd, text), drained: () => Promise.resolve() };
}

function ownWay(): number | undefined {
  try {
    return reopened(stderrFd);
  } catch {
    return undefined;
  }
}

function putNow(fd: number, text: string): boolean {
  try {
    writeNow(fd, text);
    return true;
  } catch {
    return false;
  }
}

function queued(): Way {
  const waiting: string[] = [];
  let length = 0;
  let writing: Promise<void> | undefined;
  const drain = async () => {
    for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) {
      await writeAll(Buffer.from(text));
      length -= text.length;
    }
    writing = undefined;
  };
  return {
    put(text) {
      if (length + text.length > longestQueue) return false;
      waiting.push(text);
      length += text.length;
      writing ??= drain();
      return true;
    },
    drained: () => Promise.race([Promise.resolve(writing), pause(patienceMs, { weak: true })]),
  };
}

/** Others may have made stderr non-blocking, CMD for one: then a full one is asked again. */
async function writeAll(bytes: Buffer): Promise<void> {
  for (let left = bytes; left.length > 0;) {
    try {
      left = left.subarray(await writeSome(stderrFd, left));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      await pause(askAgainMs);
    }
  }
}

function clip(line: string): string {
  const room = longestLine - 200;
  return `${Buffer.byteLength(line) > room ? `${Buffer.from(line).subarray(0, room).toString()}…` : line}\n`;
}
