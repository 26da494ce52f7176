/** A folder that a family of processes works in, by which it is known when nothing else of it is left as it was. */
import { chmodSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from './stage.ts';

/** Whoever is there when the test is over is killed. */
export class Den {
  readonly folder: string;

  constructor(stage: Stage, name = 'den') {
    this.folder = join(stage.folder, name);
    mkdirSync(this.folder);
    chmodSync(this.folder, 0o777);
    stage.atEnd(() => {
      this.clear();
    });
  }

  residents(): number[] {
    return residentsOf(this.folder);
  }

  /** Looks several times: who forks all the time may be missed once. */
  isEmpty(): boolean {
    return [1, 2, 3].every(() => this.residents().length === 0);
  }

  /** As the keeper does it, so that those who fork all the time are caught. */
  clear(): void {
    for (let residents = this.residents(); residents.length > 0; residents = this.residents())
      for (const signal of ['SIGSTOP', 'SIGKILL'] as const)
        for (const pid of this.residents()) send(pid, signal);
  }
}

/** Those of whom a thread works there: the first one may have ended, and the process looks like a zombie then. */
export function residentsOf(folder: string): number[] {
  const isHome = (pid: number) => {
    const tasks = `/proc/${String(pid)}/task`;
    return namesIn(tasks).some((task) =>
      `${folderOf(`${tasks}/${task}`)}/`.startsWith(`${folder}/`),
    );
  };
  return namesIn('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isHome(pid));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The working folder of a thread; empty when it has ended. */
function folderOf(task: string): string {
  try {
    return readlinkSync(`${task}/cwd`);
  } catch {
    return '';
  }
}

/** Sends a signal; who has just ended needs none. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}
