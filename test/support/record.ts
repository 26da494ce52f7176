import type { LeaderRecord } from '../../src/election/lock.ts';

/** A record with a different value in every place, and times that end in microseconds. */
export const sampleRecord: LeaderRecord = {
  holder: 'me',
  leaseDurationMs: 15_000,
  acquireTimeUs: 1_763_714_400_000_001,
  renewTimeUs: 1_763_714_412_345_678,
  transitions: 3,
};
