/**
 * For people at a terminal: one line that is written anew each second while we stand by. It says who leads, and for how long
 * at most unless the lease is renewed. Log lines and the command's output never stand behind it.
 */
import type { Clock } from '../election/clock.ts';
import type { LockSight } from '../election/options.ts';
import type { RunEvent } from '../events.ts';
import { columnsOf } from '../platform/descriptors.ts';
import { readNow } from '../platform/files-now.ts';
import type { Sink } from './stderr.ts';

export interface CountdownPorts {
  readonly clock: Clock;
  readonly lock: string;
  /** Replaces what it showed before. */
  readonly show: Sink;
  /** The width of the terminal. */
  readonly columns: () => number;
  /** Whether the terminal is ours to write to: a job in the background is silent. */
  readonly isInFront: () => boolean;
}

const secondMs = 1_000;
const stderrFd = 2;
/** Of a terminal that does not say how wide it is. */
const usualColumns = 80;

/** On the terminal that stderr is. */
export function countdownOnStderr(
  ports: Pick<CountdownPorts, 'clock' | 'lock' | 'show'>,
): Countdown {
  return new Countdown({
    ...ports,
    columns: () => columnsOf(stderrFd) ?? usualColumns,
    isInFront: () => isInFrontBy(statOfOurs()),
  });
}

function statOfOurs(): string {
  try {
    return readNow('/proc/self/stat').toString();
  } catch {
    return '';
  }
}

export class Countdown implements Disposable {
  readonly #ports: CountdownPorts;
  #sight: LockSight | undefined;
  #shown: AbortController | undefined;

  constructor(ports: CountdownPorts) {
    this.#ports = ports;
  }

  sees(sight: LockSight): void {
    this.#sight = sight;
  }

  hear({ kind }: RunEvent): void {
    if (kind === 'standing-by' || kind === 'in-reach') this.#begin();
    else if (kind === 'elected' || kind === 'out-of-reach' || kind === 'failed') this.#end();
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  #begin(): void {
    if (this.#shown) return;
    this.#shown = new AbortController();
    void this.#count(this.#shown.signal);
  }

  async #count(ended: AbortSignal): Promise<void> {
    const { clock, lock, show, columns, isInFront } = this.#ports;
    // The log has just said the same.
    await clock.sleep(secondMs, ended);
    while (!ended.aborted) {
      const sight = this.#sight;
      if (sight && isInFront()) {
        const leftMs = sight.claimableAtMs - clock.now();
        show(countdownLine({ lock, holder: sight.holder, leftMs, columns: columns() }));
      }
      await clock.sleep(secondMs, ended);
    }
  }

  #end(): void {
    if (!this.#shown) return;
    this.#shown.abort();
    this.#shown = undefined;
    this.#ports.show('');
  }
}

/** Fits into one line less than `columns` wide: the name of the holder is cut first, then the line. */
export function countdownLine({
  lock,
  holder,
  leftMs,
  columns,
}: {
  readonly lock: string;
  readonly holder: string;
  readonly leftMs: number;
  readonly columns: number;
}): string {
  const room = Math.max(0, columns - 1);
  const seconds = Number.isFinite(leftMs) ? Math.max(0, Math.ceil(leftMs / secondMs)) : 0;
  const start = `${lock}: `;
  const end = ` leads, ${String(seconds)}s left unless it renews`;
  const who = narrow(holder === '' ? 'the last holder' : holder);
  return cut(start + cut(who, Math.max(8, room - start.length - end.length)) + end, room);
}

/** Who can say how wide other characters are? */
function narrow(text: string): string {
  return text.replace(/[^ -~]/gu, '?');
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, Math.max(0, length - 1))}…` : text;
}

/** By the line of /proc/PID/stat: whether the process group is the one in front of its terminal. */
export function isInFrontBy(stat: string): boolean {
  const [, , group, , , front] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group !== undefined && group === front;
}
