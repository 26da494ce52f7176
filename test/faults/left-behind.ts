/** Who is alive of a candidate and of what it has started, as the kernel sees it. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { residentsOf } from '../process/support/den.ts';
import { argvOf, isAlive, stateOf } from '../process/support/proc.ts';
import { monotonicMs } from './monotonic.ts';

/** Whoever is known by one of the texts in its environment, or by the folder that it works in: that hides nobody. */
export interface Known {
  readonly marks: readonly string[];
  readonly folder: string;
}

function living({ marks, folder }: Known): number[] {
  const isMarked = (pid: number): boolean => {
    const environment = read(pid, 'environ');
    return marks.some((mark) => environment.includes(mark)) && isAlive(pid);
  };
  return [...new Set([...processIds().filter(isMarked), ...residentsOf(folder)])];
}

export interface Departure {
  /** When somebody was last seen; -Infinity when nobody was. */
  readonly seenMs: number;
  /** The command lines of those who were seen last. */
  readonly lastSeen: readonly string[];
  /** Who has stayed. */
  readonly left: readonly number[];
}

/** Waits until nobody of them is alive; looks often at first. */
export async function departure(known: Known, withinMs: number): Promise<Departure> {
  const deadline = monotonicMs() + withinMs;
  let seenMs = -Infinity;
  let lastSeen: string[] = [];
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 160)) {
    const lookedMs = monotonicMs();
    const left = living(known);
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
