/**
 * Whether CMD can be executed, asked before the lock is touched: a typo must not take the lead away from a
 * healthy replica. The rules are those of execvp(3); what changes before the spawn is caught there again.
 */
import { constants, accessSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { exitCode } from '../exit-code.ts';
import { ExpectedError } from '../errors.ts';

/** What execvp searches when PATH is unset. */
const defaultPath = '/usr/local/bin:/bin:/usr/bin';

type Verdict = 'executable' | 'not-executable' | 'missing';

/**
 * The file that `command` names.
 * @throws {ExpectedError} 127 when there is no such command, 126 when it cannot be executed
 */
export function findCommand(command: string, path: string | undefined): string {
  const files = candidates(command, path);
  const file = files.find((candidate) => verdictOn(candidate) === 'executable');
  if (file !== undefined) return file;
  const name = JSON.stringify(command);
  if (files.some((candidate) => verdictOn(candidate) === 'not-executable'))
    throw new ExpectedError(exitCode.notExecutable, `${name} is not executable`, {
      hint: 'it must be a file with execute permission',
    });
  throw new ExpectedError(exitCode.notFound, `${name} was not found`, {
    hint: command.includes('/') ? 'check the path' : 'check the name and PATH',
  });
}

function candidates(command: string, path = defaultPath): string[] {
  if (command.includes('/')) return [command];
  return path.split(':').map((folder) => join(folder === '' ? '.' : folder, command));
}

function verdictOn(file: string): Verdict {
  try {
    if (!statSync(file).isFile()) return 'not-executable';
    accessSync(file, constants.X_OK);
    return 'executable';
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    return code === 'EACCES' || code === 'EPERM' ? 'not-executable' : 'missing';
  }
}
