import { ExpectedError } from '../errors.ts';
import { shellStatus } from './exit-status.ts';

/** 127 when there is no such command, else 126. `error` is the system's name for what went wrong. */
export function notStarted(command: string, error: string): ExpectedError {
  const status = shellStatus({ kind: 'not-executed', error });
  return new ExpectedError(status, `${JSON.stringify(command)} could not be started (${error})`);
}
