/**
 * Our line in the termination message. CMD may write its own: ours is appended to it, and taken out again when the lock has
 * been handed back, so that people find CMD's words alone. If CMD overwrites ours, the lease decides.
 */
import { readText } from '../kube/cluster.ts';
import { open, writeText } from '../platform/files.ts';
import { hasLine, lineOf } from './certificate.ts';

export interface TerminationLog {
  /** For messages. */
  readonly name: string;
  /** Leaves what is there already. @throws {Error} when it cannot be written */
  add(mark: string): Promise<void>;
  /** @throws {Error} when it cannot be written */
  remove(mark: string): Promise<void>;
}

/** The kubelet keeps the last so many bytes. */
const keptBytes = 4_096;

export function terminationLog(file: string): TerminationLog {
  return {
    name: file,
    async add(mark) {
      const message = await readText(file);
      if (!isKept(message, mark)) await append(file, addition(message, mark));
    },
    async remove(mark) {
      const message = await readText(file);
      if (hasLine(message, mark)) await writeText(file, without(message, mark));
    },
  };
}

async function append(path: string, text: string): Promise<void> {
  const file = await open(path, { write: 'append' });
  try {
    await file.write(text);
  } finally {
    await file.close();
  }
}

/** Whether the kubelet would find it there. */
function isKept(message: string, mark: string): boolean {
  return hasLine(Buffer.from(message).subarray(-keptBytes).toString(), mark);
}

/** What to append to a message. */
export function addition(message: string, mark: string): string {
  const isWhole = message === '' || message.endsWith('\n');
  return `${isWhole ? '' : '\n'}${lineOf(mark)}\n`;
}

export function without(message: string, mark: string): string {
  const others = message.split('\n').filter((line) => line !== lineOf(mark));
  return others.join('\n');
}
