import { ExpectedError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';
import { demand, exists, targetOf } from '../platform/files-now.ts';
import { ownPid } from '../platform/self.ts';

/** Where the keeper's program is, as far as this form of k8s-leader has one. @throws {Error} that says why there is none */
export type FindKeeper = () => string;

/** Why there can be no keeper here; undefined when there can. */
export function keeperProblem(find: FindKeeper): string | undefined {
  if (!exists('/proc/uptime')) return 'there is no /proc';
  if (ownIdInProc() !== ownPid()) return '/proc is that of another PID namespace';
  try {
    const file = find();
    demand(file, 'execute');
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
    return Number(targetOf('/proc/self'));
  } catch {
    return 0;
  }
}
