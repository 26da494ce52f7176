import { constants } from 'node:os';

/** How a process ended. */
export type ExitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals };

/** The status a shell would report: the exit code, or 128+n for signal n. */
export function shellStatus(status: ExitStatus): number {
  return status.kind === 'exited' ? status.code : signalStatus(status.signal);
}

export function signalStatus(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
