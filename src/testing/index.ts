/** What helps to test locks of one's own, and code that leads: no runner is needed, and none is imported. */
export { atRest, FakeClock } from './fake-clock.ts';
export { lockContract, type Claim, type LockUnderTest } from './lock-contract.ts';
export { MemoryLockServer, type Call, type Network } from './memory-lock.ts';
