import type { Exit } from '../exit-code.ts';
import { signalNumbers } from '../platform/machine.ts';

/** How a process ended. */
export type ExitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  /** By any of the 64 signals: a real-time signal is named as in `SIGRTMIN+3`. */
  | { readonly kind: 'signalled'; readonly signal: string }
  /** It never became the command: the kernel refused to execute that, with such an error. */
  | { readonly kind: 'not-executed'; readonly error: string };

/** The first real-time signal that a program can use; the C library keeps 32 and 33. */
const firstRealTime = 34;
const names = new Map(Object.entries(signalNumbers).map(([name, number]) => [number, name]));

/** From the status that waitpid(2) gives. */
export function exitStatusOf(waitStatus: number): ExitStatus {
  const signal = waitStatus & 0x7f;
  return signal === 0
    ? { kind: 'exited', code: (waitStatus >> 8) & 0xff }
    : { kind: 'signalled', signal: signalName(signal) };
}

/** The status a shell would report: the exit code, 128+n for signal n, 127 for no such file, 126 for a useless one. */
export function shellStatus(status: ExitStatus): number {
  if (status.kind === 'exited') return status.code;
  if (status.kind === 'signalled') return signalStatus(status.signal);
  return ['ENOENT', 'ENOTDIR'].includes(status.error) ? 127 : 126;
}

/** 128+n for the signal of that name. */
export function signalStatus(signal: string): number {
  return 128 + signalNumber(signal);
}

/**
 * How we end after a signal. After a Ctrl-C a shell goes on with its loop unless the command *died* of INT. The other
 * signals are told by their status alone: dying of them would add a core dump, or hide the number from a caller that
 * reads exit codes.
 */
export function exitBy(signal: string): Exit {
  const status = signalStatus(signal);
  return signal === 'SIGINT' ? { status, signal } : { status };
}

export function signalNumber(signal: string): number {
  const known = signalNumbers[signal];
  if (known !== undefined) return known;
  const [, base = '', offset = '0'] = /^SIG(RTMIN|)\+?(\d*)$/.exec(signal) ?? [];
  return (base === '' ? 0 : firstRealTime) + Number(offset);
}

function signalName(number: number): string {
  const known = names.get(number);
  if (known !== undefined) return known;
  if (number < firstRealTime) return `SIG${String(number)}`;
  return number === firstRealTime ? 'SIGRTMIN' : `SIGRTMIN+${String(number - firstRealTime)}`;
}
