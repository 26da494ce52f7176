/**
 * A way to stderr that never blocks, never fails and never changes what CMD gets.
 *
 * stderr is shared with CMD. `process.stderr` is not touched: it would set O_NONBLOCK on a pipe that CMD writes to
 * as well. What happens instead depends on what stderr is:
 * - pipe, terminal: the same file opened once more, non-blocking, through `/proc`. Full: the line is dropped.
 * - file: written directly. It cannot be full in that sense, and a second descriptor would have its own offset.
 * - socket, or anything that cannot be opened again: one write at a time on a thread, where blocking hurts nobody;
 *   what comes meanwhile waits in a short queue, then is dropped.
 * Dropped lines are counted, and the number is told as soon as a line gets through.
 */
import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';

export type Sink = (line: string) => void;

export interface Stderr {
  readonly put: Sink;
  /** Resolves when what was taken has been written. Where nobody reads, that may be never. */
  drained(): Promise<void>;
}

const stderrFd = 2;
/** What a pipe takes in one piece (PIPE_BUF). */
const longestLine = 4_096;
const longestQueue = 100;

export function openStderr(): Stderr {
  const way = opener();
  let dropped = 0;
  return {
    put(line) {
      const note = dropped > 0 ? `k8s-leader: ${String(dropped)} log lines were dropped\n` : '';
      if (way.put(note + clip(line))) dropped = 0;
      else dropped += 1;
    },
    drained: way.drained,
  };
}

interface Way {
  /** Whether the text was taken. */
  readonly put: (text: string) => boolean;
  readonly drained: () => Promise<void>;
}

function opener(): Way {
  const kind = kindOfStderr();
  if (kind === 'file') return immediate(stderrFd);
  const own = kind === 'stream' ? reopened() : undefined;
  return own === undefined ? queued() : immediate(own);
}

function immediate(fd: number): Way {
  return { put: (text) => putNow(fd, text), drained: () => Promise.resolve() };
}

function kindOfStderr(): 'file' | 'stream' | 'other' {
  try {
    const stat = fstatSync(stderrFd);
    if (stat.isFile()) return 'file';
    return stat.isFIFO() || stat.isCharacterDevice() ? 'stream' : 'other';
  } catch {
    return 'other';
  }
}

function reopened(): number | undefined {
  const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync('/proc/self/fd/2', O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}

function putNow(fd: number, text: string): boolean {
  try {
    writeSync(fd, text);
    return true;
  } catch {
    return false;
  }
}

function queued(): Way {
  const waiting: string[] = [];
  let busy = false;
  let onDrained: () => void = () => undefined;
  const next = () => {
    const text = waiting.shift();
    busy = text !== undefined;
    if (text === undefined) onDrained();
    else write(stderrFd, text, next);
  };
  return {
    put(text) {
      if (waiting.length >= longestQueue) return false;
      waiting.push(text);
      if (!busy) next();
      return true;
    },
    drained: () => (busy ? new Promise((resolve) => (onDrained = resolve)) : Promise.resolve()),
  };
}

function clip(line: string): string {
  const room = longestLine - 200;
  return `${Buffer.byteLength(line) > room ? `${Buffer.from(line).subarray(0, room).toString()}…` : line}\n`;
}
