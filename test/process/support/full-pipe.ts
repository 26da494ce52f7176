import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from './stage.ts';

const { O_RDWR, O_WRONLY, O_NONBLOCK } = constants;

export interface FullPipe {
  /** Blocks whoever writes to it. */
  readonly fd: number;
  /** Takes out everything and returns what came after the filling. */
  drain(): string;
}

/** A pipe that holds no more and that nobody reads. */
export function fullPipe(stage: Stage): FullPipe {
  const path = join(stage.folder, 'full-pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, O_RDWR | O_NONBLOCK);
  const writer = openSync(path, O_WRONLY);
  fill(reader);
  stage.atEnd(() => {
    closeSync(reader);
    closeSync(writer);
  });
  return { fd: writer, drain: () => readAll(reader).replace(/^\.+/, '') };
}

/** Writes until not a single byte more is taken. */
function fill(fd: number): void {
  untilItWouldBlock(() => {
    writeSync(fd, '.');
  });
}

function readAll(fd: number): string {
  const chunk = Buffer.alloc(65_536);
  let text = '';
  untilItWouldBlock(() => {
    text += chunk.toString('utf8', 0, readSync(fd, chunk));
  });
  return text;
}

function untilItWouldBlock(work: () => void): void {
  try {
    for (;;) work();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') throw thrown;
  }
}
