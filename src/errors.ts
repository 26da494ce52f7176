import { exitCode } from './exit-code.ts';

/**
 * A fault that people can do something about. It ends the program with one line, `message` and then `hint`,
 * and with `exitCode`; never with a stack.
 */
export class ExpectedError extends Error {
  override readonly name: string = 'ExpectedError';
  readonly exitCode: number;
  readonly hint: string | undefined;

  constructor(code: number, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = code;
    this.hint = options.hint;
  }
}

/** A flag, variable or argument that is invalid: exit 64, nothing started, nothing written. */
export class UsageError extends ExpectedError {
  override readonly name = 'UsageError';

  constructor(message: string, hint?: string) {
    super(exitCode.usage, message, hint === undefined ? {} : { hint });
  }
}
