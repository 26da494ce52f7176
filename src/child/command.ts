/**
 * Whether CMD can be executed, asked before the lock is touched: a typo must not take the lead away from a
 * healthy replica. The rules are those of execvp(3); what changes before the spawn is caught there again.
 */
import { exitCode } from '../exit-code.ts';
import { ExpectedError } from '../errors.ts';
import { demand, isFile, startOf } from '../platform/files-now.ts';
import { join } from '../platform/paths.ts';

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
  if (file !== undefined) {
    checkInterpreter(command, file);
    return file;
  }
  const name = JSON.stringify(command);
  if (files.some((candidate) => verdictOn(candidate) === 'not-executable'))
    throw new ExpectedError(exitCode.notExecutable, `${name} is not executable`, {
      hint: 'it must be a file with execute permission',
    });
  throw new ExpectedError(exitCode.notFound, `${name} was not found`, {
    hint: hintFor(command),
  });
}

function hintFor(command: string): string {
  if (/\S\s+\S/.test(command))
    return `it is one word with spaces in it; leave out the quotes: -- ${command}`;
  return command.includes('/') ? 'check the path' : 'check the name and PATH';
}

/** A script runs only if the program in its first line does. @throws {ExpectedError} 127 or 126 */
function checkInterpreter(command: string, script: string): void {
  const interpreter = interpreterOf(script);
  if (interpreter === undefined) return;
  const verdict = verdictOn(Buffer.from(interpreter, 'latin1'));
  if (verdict === 'executable') return;
  const [says, status] =
    verdict === 'missing'
      ? (['was not found', exitCode.notFound] as const)
      : (['is not executable', exitCode.notExecutable] as const);
  const hint = interpreter.endsWith('\r')
    ? 'its lines end as on Windows, in CR LF; make that LF'
    : 'check the first line of the script';
  throw new ExpectedError(
    status,
    `${JSON.stringify(command)} needs ${JSON.stringify(interpreter)}, which ${says}`,
    { hint },
  );
}

/** What stands behind `#!`, as the kernel reads it; undefined when this is no script, or not for us to read. */
function interpreterOf(file: string): string | undefined {
  let start: string;
  try {
    start = startOf(file, 256).toString('latin1');
  } catch {
    return undefined;
  }
  return /^#![ \t]*([^ \t\n\0]+)[ \t\n\0]/.exec(start.padEnd(256, '\0'))?.[1];
}

function candidates(command: string, path = defaultPath): string[] {
  if (command.includes('/')) return [command];
  return path.split(':').map((folder) => join(folder === '' ? '.' : folder, command));
}

function verdictOn(file: string | Buffer): Verdict {
  try {
    if (!isFile(file)) return 'not-executable';
    demand(file, 'execute');
    return 'executable';
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    return code === 'EACCES' || code === 'EPERM' ? 'not-executable' : 'missing';
  }
}
