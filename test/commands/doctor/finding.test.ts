import { describe, expect, it, test } from 'vitest';
import {
  ill,
  illness,
  lineOf,
  open,
  statusOf,
  well,
} from '../../../src/commands/doctor/finding.ts';
import { LockFault } from '../../../src/election/lock.ts';
import { ExpectedError } from '../../../src/errors.ts';

describe('the status', () => {
  test.each([
    ['nothing', [], 0],
    ['what is well or open', [well('a', 'b'), open('a', 'b', 'c')], 0],
    ['what is ill', [well('a', 'b'), ill('a', 'b')], 78],
    ['a missing permission beside other ills', [ill('a', 'b'), ill('a', 'b', 'c', 77)], 77],
    ['no server beside everything', [ill('a', 'b', 'c', 77), ill('a', 'b', 'c', 69)], 69],
    ['a command that is not there', [ill('a', 'b', 'c', 127)], 78],
  ])('of %s', (_, findings, status) => {
    expect(statusOf(findings)).toBe(status);
  });
});

describe('a line', () => {
  it('has a mark, what it is about, and what to do', () => {
    expect(lineOf(well('server', 'there'))).toBe('✓ server: there\n');
    expect(lineOf(ill('clock', 'late', 'set it'))).toBe('✗ clock: late; set it\n');
    expect(lineOf(open('clock', 'none'))).toBe('– clock: none\n');
  });

  it("stays one, whatever is in somebody else's words", () => {
    expect(lineOf(well('a', 'b\n\u001b[2J\u202e'))).toBe('✓ a: b\\u{a}\\u{1b}[2J\\u{202e}\n');
  });
});

describe('an illness', () => {
  const hint = 'do this';
  test.each([
    [new LockFault('denied', 'no', { hint }), 77],
    [new LockFault('unreachable', 'no', { hint }), 69],
    [new LockFault('unsupported', 'no', { hint }), 69],
    [new ExpectedError(127, 'no', { hint }), 127],
  ])('%s has the status that run would end with', (thrown, code) => {
    const expected = { kind: 'ill', about: 'x', text: 'no', remedy: hint, code };
    expect(illness('x', thrown)).toEqual(expected);
  });

  it('is nothing that is a defect', () => {
    expect(() => illness('x', new TypeError('oops'))).toThrow('oops');
  });
});
