/** What can go wrong with the files of a local lock, as the faults of the port. */
import { LockFault, type FaultKind } from '../election/lock.ts';
import { oneLine } from '../text.ts';

/** Path and reason are words of others. */
export function lockFileFault(
  kind: FaultKind,
  message: string,
  options: { hint?: string | undefined; cause?: unknown } = {},
): LockFault {
  return new LockFault(kind, oneLine(message), options);
}

/** What may heal; a folder that is gone may be mounted again. */
const passing = [
  'ENOENT',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EAGAIN',
  'ESTALE',
];

/** Any exception as a fault: what the system says of `path`, and whether that may heal. */
export function fileFault(cause: unknown, path: string): LockFault {
  if (cause instanceof LockFault) return cause;
  const { message, code } = cause as NodeJS.ErrnoException;
  // Node goes on with the system call and the path, which the line has already.
  const line = `cannot use the lock file ${path}: ${message.split(',')[0] ?? message}`;
  if (code === undefined || passing.includes(code))
    return lockFileFault('unreachable', line, { cause });
  return lockFileFault('unsupported', line, { hint: chooseAnother, cause });
}

export const chooseAnother = 'choose a file in a folder that you may write to with --local-file';

export function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException).code;
}

/** For `catch`: undefined for what is not there. */
export function undefinedWhenAbsent(thrown: unknown): undefined {
  if (codeOf(thrown) !== 'ENOENT') throw thrown;
}
