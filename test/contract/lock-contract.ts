/** The claims that ship, as tests of ours. Each kind of lock runs them from its own test file. */
import { describe, test } from 'vitest';
import {
  lockContract as claimsAbout,
  type LockUnderTest,
} from '../../src/testing/lock-contract.ts';

export type { LockUnderTest };

/** Claims about a lock called `name`; `setup` is called anew for each of them. */
export function lockContract(name: string, setup: () => Promise<LockUnderTest>): void {
  describe(`${name} keeps the lock contract:`, () => {
    for (const { title, check } of claimsAbout(setup)) test(title, check);
  });
}
