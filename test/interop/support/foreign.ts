/** One of the other electors as a process: what it says, and how it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Reaper } from '../../support/control-plane/reaper.ts';
import { until } from '../../cluster/support/until.ts';

interface Said {
  readonly event: 'observed' | 'leading' | 'stopped';
  readonly holder: string;
}

export interface Foreign {
  readonly pid: number;
  /** Its log. */
  readonly stderr: string;
  /** Waits until it has said so. */
  told(event: Said['event'], holder: string): Promise<unknown>;
  signal(signal: NodeJS.Signals): void;
  /** Settles when it is gone. */
  readonly ended: Promise<unknown>;
}

/** Somewhere else: a zone whose local time nobody could take for UTC. */
const env = { PATH: process.env['PATH'], TZ: 'XYZ-5:30', PYTHONDONTWRITEBYTECODE: '1' };

export async function startForeign(
  [file, ...args]: readonly [string, ...string[]],
  reaper: Reaper,
): Promise<Foreign> {
  const child = spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
  await once(child, 'spawn');
  reaper.watch(child);
  const said: Said[] = [];
  let stderr = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(JSON.parse(line) as Said);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    pid: child.pid ?? 0,
    get stderr() {
      return stderr;
    },
    told: (event, holder) =>
      until(`${file} says "${event} ${holder}"`, () =>
        said.some((line) => line.event === event && line.holder === holder),
      ),
    signal(signal) {
      child.kill(signal);
    },
    ended: once(child, 'close'),
  };
}
