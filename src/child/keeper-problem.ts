import { accessSync, constants, existsSync, readlinkSync } from 'node:fs';
import { ExpectedError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';

/** Where the keeper's program is, as far as this form of k8s-leader has one. @throws {Error} that says why there is none */
export type FindKeeper = () => string;

/** Why there can be no keeper here; undefined when there can. */
export function keeperProblem(find: FindKeeper): string | undefined {
  if (!existsSync('/proc/uptime')) return 'there is no /proc';
  if (ownIdInProc() !== process.pid) return '/proc is that of another PID namespace';
  try {
    const file = find();
    accessSync(file, constants.X_OK);
    return undefined;
  } catch (thrown) {
    const { code, path, message } = thrown as NodeJS.ErrnoException;
    if (code === 'EACCES') return `${path ?? 'its program'} may not be executed`;
    return code === 'ENOENT' ? `there is no ${path ?? 'program of it'}` : message;
  }
}

/** What ends a run that was told to have one (`--guard required`). */
export function noKeeper(problem: string): ExpectedError {
  const hint = 'with --guard auto CMD runs without one';
  return new ExpectedError(exitCode.unavailable, `there is no keeper: ${problem}`, { hint });
}

function ownIdInProc(): number {
  try {
    return Number(readlinkSync('/proc/self'));
  } catch {
    return 0;
  }
}
