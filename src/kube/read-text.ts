import { open } from 'node:fs/promises';

/**
 * All of a file. Not by readFile: since Node 26 that is one piece of work of which the process says nothing while it
 * hangs, in a pipe that nobody writes to for one, and an exit would wait for it (see main.ts).
 */
export async function readText(path: string): Promise<string> {
  const file = await open(path);
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
