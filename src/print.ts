import type { Exit } from './exit-code.ts';
import type { Sink } from './observe/stderr.ts';

/** How a program ends that writes to a pipe which nobody reads any more: as if SIGPIPE had killed it. */
export const brokenPipe: Exit = { status: 141 };

export function isBrokenPipe(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException | undefined)?.code === 'EPIPE';
}

/** Says what was asked for, and how to end then. */
export function print(stdout: Sink, text: string): Exit {
  try {
    stdout(text);
    return { status: 0 };
  } catch (thrown) {
    if (isBrokenPipe(thrown)) return brokenPipe;
    throw thrown;
  }
}
