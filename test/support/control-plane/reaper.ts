/**
 * Ends servers and removes their folder when the test process goes away without doing it, by
 * whatever means: a shell that holds the other end of a pipe from us, and acts when the pipe
 * closes. An 'exit' listener would miss SIGKILL, and every signal nobody handles.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';

/** Looks after processes and one folder until it is dismissed. */
export interface Reaper {
  /** Ends this process too when the time comes, unless it has exited by then. */
  watch(child: ChildProcess): void;
  /**
   * Does its work now; resolves when the processes it watched are told to die and the folder is
   * gone.
   */
  reap(): Promise<void>;
}

// Each line is the complete list of live processes. The folder may still be written to by the first
// rm.
const script = `
trap '' HUP INT TERM
pids=
while read -r line; do pids=$line; done
[ -z "$pids" ] || kill -KILL $pids
rm -rf "$1" || rm -rf "$1"
`;

/** Starts the shell. */
export async function startReaper(folder: string): Promise<Reaper> {
  const shell = spawn('/bin/sh', ['-c', script, 'control-plane-reaper', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(shell, 'spawn');
  const { stdin } = shell;
  stdin.on('error', () => {}); // it died; nothing is left to tell
  shell.unref();

  const alive = new Set<number>();
  const tell = (): void => {
    stdin.write(`${[...alive].join(' ')}\n`);
  };
  return {
    watch(child) {
      const { pid } = child;
      if (pid === undefined) return;
      alive.add(pid);
      tell();
      child.once('exit', () => {
        alive.delete(pid);
        tell();
      });
    },
    async reap() {
      if (shell.exitCode === null && shell.signalCode === null) {
        shell.ref();
        const exited = once(shell, 'exit');
        stdin.end();
        await exited;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
