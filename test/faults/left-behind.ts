/** Who is alive of a candidate and of what it has started, as the kernel sees it. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { argvOf, isAlive, stateOf } from '../process/support/proc.ts';
import { monotonicMs } from './monotonic.ts';

/** Process ids with one of the texts in their environment or on their command line, where a guard has it. */
export function bearersOf(texts: readonly string[]): number[] {
  const bears = (pid: number): boolean => {
    const told = read(pid, 'environ') + read(pid, 'cmdline');
    return texts.some((text) => told.includes(text));
  };
  return processIds().filter((pid) => bears(pid) && isAlive(pid));
}

/** Those on whose command line the text stands. */
export function guardsOf(cookie: string): number[] {
  return processIds().filter((pid) => read(pid, 'cmdline').includes(cookie));
}

export interface Departure {
  /** When somebody was last seen; -Infinity when nobody was. */
  readonly seenMs: number;
  /** The command lines of those who were seen last. */
  readonly lastSeen: readonly string[];
  /** Who has stayed. */
  readonly left: readonly number[];
}

/** Waits until nobody bears any of the texts; looks often at first. */
export async function departure(texts: readonly string[], withinMs: number): Promise<Departure> {
  const deadline = monotonicMs() + withinMs;
  let seenMs = -Infinity;
  let lastSeen: string[] = [];
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 160)) {
    const lookedMs = monotonicMs();
    const left = bearersOf(texts);
    if (left.length === 0 || lookedMs > deadline) return { seenMs, lastSeen, left };
    seenMs = lookedMs;
    lastSeen = left.map((pid) => `${pid} ${argvOf(pid).join(' ')}`);
    await delay(pauseMs);
  }
}

/** Alive and not stopped. */
export function isAwake(pid: number): boolean {
  return isAlive(pid) && stateOf(pid) !== 'T';
}

/** Sends a signal; who has just ended needs none. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}

function processIds(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
