import { expect } from 'vitest';
import { LockFault, type LeaderRecord } from '../../src/election/lock.ts';
import { ExpectedError } from '../../src/errors.ts';

/** One visible line: nothing in it that ends a line or that a terminal acts upon. */
export const oneLine = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u;

/** How a promise ended, for properties that accept both ways. */
export async function outcomeOf<T>(
  promise: Promise<T>,
): Promise<{ value: T; thrown?: never } | { thrown: unknown; value?: never }> {
  try {
    return { value: await promise };
  } catch (thrown) {
    return { thrown };
  }
}

/** A fault of the one kind that a lock may throw, in words that can be shown. */
export function expectLockFault(thrown: unknown): LockFault {
  expect(thrown).toBeInstanceOf(LockFault);
  const fault = thrown as LockFault;
  expect(fault.message).toMatch(oneLine);
  if (fault.hint !== undefined) expect(fault.hint).toMatch(oneLine);
  if (fault.retryAfterMs !== undefined) expect(fault.retryAfterMs).toSatisfy(isWait);
  return fault;
}

/** An error that ends the program with one line and this status. */
export function expectExpected(thrown: unknown, exitCode: number): void {
  expect(thrown).toBeInstanceOf(ExpectedError);
  const error = thrown as ExpectedError;
  expect(error.exitCode).toBe(exitCode);
  expect(error.message).toMatch(oneLine);
  if (error.hint !== undefined) expect(error.hint).toMatch(oneLine);
}

export function expectRecord(record: LeaderRecord): void {
  expect(typeof record.holder).toBe('string');
  expect(record.leaseDurationMs ?? 1).toSatisfy((ms: number) => ms > 0 && Number.isFinite(ms));
  for (const timeUs of [record.acquireTimeUs, record.renewTimeUs])
    if (timeUs !== undefined) expect(timeUs).toSatisfy(Number.isSafeInteger);
  expect(record.transitions).toSatisfy((n: number) => Number.isSafeInteger(n) && n >= 0);
}

function isWait(ms: number): boolean {
  return ms >= 0 && ms <= 60_000;
}
