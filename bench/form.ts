/** The forms that the program comes in, and what they are compared with. */
import { cpSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bin } from '../test/support/program-under-test.ts';
import { contestants } from './contestants.ts';
import { bareNode } from './subject.ts';

export interface Form {
  readonly name: string;
  readonly argv: (lock: string, command: readonly string[]) => readonly string[];
  /** Prints the version, or as little as it can; undefined where there is nothing like that. */
  readonly version: readonly string[] | undefined;
  /** Unpacked, of the program alone. */
  readonly bytes: number;
}

/** In a folder of their own what has to be made for it. That of client-go is the first. */
export async function formsIn(folder: string): Promise<readonly Form[]> {
  const { theirs } = await contestants();
  const executable = join(dirname(bin), `../build/k8s-leader-linux-${process.arch}`);
  const least = join(import.meta.dirname, 'least.cjs');
  const uncached = join(folder, 'uncached');
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(dirname(bin), '..', part), join(uncached, part), {
      recursive: true,
      filter: (path) => !path.endsWith('.cache') && !path.includes('/library'),
    });
  const ours = (name: string, program: readonly string[], bytes: number): Form => ({
    name,
    argv: (lock, command) => [...program, 'run', '--lock', lock, '--', ...command],
    version: [...program, '--version'],
    bytes,
  });
  const [wrapper = ''] = theirs.commandLine({ lock: '', command: [] });
  return [
    {
      name: 'client-go wrapper',
      argv: (lock, command) => theirs.commandLine({ lock, command }),
      version: [wrapper, '-h'],
      bytes: statSync(wrapper).size,
    },
    {
      name: 'bare Node, which only prints x',
      argv: () => bareNode,
      version: [process.execPath, '--version'],
      bytes: statSync(process.execPath).size,
    },
    {
      name: 'minimal elector, on Node',
      argv: (lock, command) => [process.execPath, least, lock, ...command],
      version: undefined,
      bytes: statSync(process.execPath).size,
    },
    ours(
      'npm package, as installed',
      [process.execPath, join(uncached, 'bin/k8s-leader.js')],
      sizeOf(uncached),
    ),
    ours(
      "npm package, with V8's code cache",
      [process.execPath, bin],
      sizeOf(join(dirname(bin), '../dist')),
    ),
    ours('one-file executable', [executable], statSync(executable).size),
  ];
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('/library'))
    .reduce((total, { parentPath, name }) => total + statSync(join(parentPath, name)).size, 0);
}
