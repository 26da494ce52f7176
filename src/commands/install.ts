/**
 * `k8s-leader install DIR`: the one-file executable copies itself, so that an init container can put it into a volume
 * that other containers start it from. The copy has its name only once it is whole.
 */
import { readCommandLine, type Spelling } from '../cli/command-line.ts';
import { ExpectedError, UsageError } from '../errors.ts';
import { exitCode, type Exit } from '../exit-code.ts';
import { copyProgram, remove, rename } from '../platform/files.ts';
import { join } from '../platform/paths.ts';
import { ownPid } from '../platform/self.ts';
import { print } from '../print.ts';
import type { Call } from './call.ts';

export const spelling: Spelling<never> = {
  name: 'install',
  usage: 'DIR',
  description: 'Copies this one-file executable to DIR/k8s-leader, for init containers.',
  shared: [],
  own: {},
  words: '[DIR]',
  epilogue: `
In a pod: mount a volume at /k8s-leader in an init container that runs
"k8s-leader install /k8s-leader". Mount it in the other containers too, and put
/k8s-leader/k8s-leader in front of their commands.`,
};

/** @throws {UsageError} */
export function installOptions(
  argv: readonly string[],
): { readonly folder: string } | { readonly text: string } {
  const line = readCommandLine(spelling, argv, {});
  if (line.kind === 'text') return line;
  const [folder] = line.words;
  if (!folder) throw new UsageError('no folder given', 'name one: k8s-leader install DIR');
  return { folder };
}

export async function run({ argv, help, stdout, executable }: Call): Promise<Exit> {
  const options = installOptions(argv);
  if ('text' in options) return help(options.text);
  return print(stdout, `${await install(options.folder, executable)}\n`);
}

/**
 * Copies `executable` to `k8s-leader` in `folder`, in place of what had that name, and returns the path of the copy.
 * @throws {UsageError} where we are no single file
 * @throws {ExpectedError} 69 when the folder does not take it
 */
async function install(folder: string, executable: string | undefined): Promise<string> {
  if (executable === undefined)
    throw new UsageError(
      'this k8s-leader is an npm package, not a single file that can be copied',
      'run install from the one-file executable',
    );
  const path = join(folder, 'k8s-leader');
  const unfinished = `${path}.${String(ownPid())}`;
  try {
    await copyProgram(executable, unfinished);
    await rename(unfinished, path);
  } catch (thrown) {
    await remove(unfinished).catch(() => undefined);
    const { code = 'unknown' } = thrown as NodeJS.ErrnoException;
    throw new ExpectedError(exitCode.unavailable, `cannot write ${path} (${code})`, {
      hint: 'name a folder that exists, is writable and has 120 MB left',
      cause: thrown,
    });
  }
  return path;
}
