import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { Sink } from './observe/stderr.ts';

/** Asks on a terminal. Whatever is not a yes is a no. */
export async function confirm(question: string, stderr: Sink): Promise<boolean> {
  stderr(question);
  const answer = Buffer.alloc(1_024);
  const { bytesRead } = await promisify(read)(0, answer, 0, answer.length, null);
  return /^y(es)?$/i.test(answer.toString('utf8', 0, bytesRead).trim());
}
