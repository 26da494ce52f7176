import { asFault, type LockFault } from './election/lock.ts';
import { exitCode } from './exit-code.ts';

/**
 * A fault that people can do something about. It ends the program with one line, `message` and then `hint`,
 * and with `exitCode`; never with a stack.
 */
export class ExpectedError extends Error {
  override readonly name: string = 'ExpectedError';
  readonly exitCode: number;
  readonly hint: string | undefined;

  constructor(
    code: number,
    message: string,
    options: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.exitCode = code;
    this.hint = options.hint;
  }
}

/** A flag, variable or argument that is invalid: exit 64, nothing started, nothing written. */
export class UsageError extends ExpectedError {
  override readonly name = 'UsageError';

  constructor(message: string, hint?: string) {
    super(exitCode.usage, message, { hint });
  }
}

/** A fault of the lock ends the program with 77 where we may not, and with 69 where we cannot. */
export function faultStatus({ kind }: LockFault): number {
  return kind === 'denied' ? exitCode.denied : exitCode.unavailable;
}

/** What went wrong with a lock, as the end of the program. */
export function lockError(lock: string, thrown: unknown): ExpectedError {
  if (thrown instanceof ExpectedError) return thrown;
  const fault = asFault(thrown);
  const message = `lock ${JSON.stringify(lock)}: ${fault.message}`;
  return new ExpectedError(faultStatus(fault), message, { hint: fault.hint });
}

/** The lock is as it was, and why. */
export function conflictError(lock: string, message: string, hint?: string): ExpectedError {
  return new ExpectedError(exitCode.conflict, `lock ${JSON.stringify(lock)}: ${message}`, { hint });
}
