import { beforeEach, describe, expect, test } from 'vitest';
import type { LeaderRecord } from '../../src/election/lock.ts';
import { Signatures } from '../../src/election/signatures.ts';
import { recordOf } from './scene.ts';

const renewal = (renewTimeUs: number) => recordOf('a', { renewTimeUs });
const claim = (acquireTimeUs: number) =>
  recordOf('a', { acquireTimeUs, renewTimeUs: acquireTimeUs });

let signatures: Signatures;

beforeEach(() => {
  signatures = new Signatures();
});

function write(count: number, recordAt: (at: number) => LeaderRecord): LeaderRecord[] {
  const records = Array.from({ length: count }, (_, at) => recordAt(at + 1));
  for (const record of records) signatures.add(record);
  return records;
}

const known = (records: readonly LeaderRecord[]) =>
  records.filter((record) => signatures.has(record)).length;

describe('a running term', () => {
  beforeEach(() => {
    signatures.add(renewal(0));
    signatures.acknowledge(renewal(0));
  });

  test('forgets none of its writes since the latest acknowledged one', () => {
    const renewals = write(1_000, renewal);
    expect(known([renewal(0), ...renewals])).toBe(1_001);
  });

  test('forgets all before the latest acknowledged one', () => {
    const renewals = write(10, renewal);
    signatures.acknowledge(renewal(5));
    expect(known([renewal(0), ...renewals])).toBe(6);
  });

  test('is not forgotten for the sake of claims', () => {
    const claims = write(200, claim);
    expect([signatures.has(renewal(0)), known(claims)]).toEqual([true, 64]);
  });

  test('forgets no write because it was refused: it may have been sent twice', () => {
    write(3, renewal);
    signatures.refuse(renewal(2));
    expect([signatures.has(renewal(2)), signatures.isDoubtful(renewal(2))]).toEqual([true, false]);
  });
});

test('of claims that nobody has answered the latest 64 are known', () => {
  const claims = write(64, claim);
  expect(known(claims)).toBe(64);
  signatures.add(claim(65));
  expect([signatures.has(claim(1)), known([...claims, claim(65)])]).toEqual([false, 64]);
});

test('a claim that was refused is doubtful, until one that was acknowledged settles it', () => {
  write(2, claim);
  signatures.refuse(claim(1));
  expect([signatures.has(claim(1)), signatures.isDoubtful(claim(1))]).toEqual([false, true]);
  signatures.acknowledge(claim(2));
  expect(signatures.isDoubtful(claim(1))).toBe(false);
});

test('a release that was refused may have been applied: nobody else writes that', () => {
  const free = recordOf('', { renewTimeUs: 7 });
  signatures.add(free);
  signatures.refuse(free);
  expect(signatures.has(free)).toBe(true);
});
