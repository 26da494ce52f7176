/**
 * `k8s-leader install DIR`: the one-file executable copies itself, so that an init container can put it into a volume
 * that other containers start it from. The copy has its name only once it is whole.
 */
import { chmod, copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ExpectedError, UsageError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';

/**
 * Copies `executable` to `k8s-leader` in `folder`, in place of what had that name, and returns the path of the copy.
 * @throws {UsageError} where we are no single file
 * @throws {ExpectedError} 69 when the folder does not take it
 */
export async function install(folder: string, executable: string | undefined): Promise<string> {
  if (executable === undefined)
    throw new UsageError(
      'this k8s-leader is an npm package, not a single file that can be copied',
      'run install from the one-file executable',
    );
  const path = join(folder, 'k8s-leader');
  const unfinished = `${path}.${String(process.pid)}`;
  try {
    await copyFile(executable, unfinished);
    await chmod(unfinished, 0o755);
    await rename(unfinished, path);
  } catch (thrown) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    const { code = 'unknown' } = thrown as NodeJS.ErrnoException;
    throw new ExpectedError(exitCode.unavailable, `cannot write ${path} (${code})`, {
      hint: 'name a folder that exists, is writable and has 120 MB left',
      cause: thrown,
    });
  }
  return path;
}
