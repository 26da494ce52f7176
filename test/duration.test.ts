import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formatDuration, parseDuration } from '../src/duration.ts';

describe('a duration is read from', () => {
  test.each([
    ['500ms', 500],
    ['15s', 15_000],
    ['2m', 120_000],
    ['1h30m', 5_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['5m500ms', 300_500],
    ['1.5h', 5_400_000],
    ['0.25s', 250],
    ['.5s', 500],
    ['10', 10_000],
    ['1.5', 1_500],
    ['0', 0],
    ['0s', 0],
    ['00015s', 15_000],
    ['90s', 90_000],
    ['87600h', 315_360_000_000],
    ['2147483647', 2_147_483_647_000],
    ['1.2345ms', 1],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe('a duration is not read from', () => {
  test.each([
    ['the empty text', ''],
    ['a negative one', '-5s'],
    ['a negative part', '1h-1s'],
    ['a plus sign', '+5s'],
    ['an exponent', '1e999'],
    ['a small exponent', '1e3'],
    ['a word', 'abc'],
    ['a unit alone', 's'],
    ['a point alone', '.'],
    ['an unfinished decimal', '1.'],
    ['two points', '1.2.3s'],
    ['spaces around', ' 5s '],
    ['a space between', '5 s'],
    ['a newline after it', '5s\n'],
    ['upper case', '5S'],
    ['an unknown unit', '3d'],
    ['units that rise', '1m1h'],
    ['a unit twice', '1h1h'],
    ['a bare number after a unit', '1h30'],
    ['a hexadecimal number', '0x10'],
    ['other digits', '١٥s'],
    ['Infinity', 'Infinity'],
    ['NaN', 'NaN'],
    ['more than 68 years', '2147483648'],
    ['a sum of more than 68 years', '596523h14m8s'],
    ['a thousand digits', '9'.repeat(1_000)],
  ])('%s', (_, text) => {
    expect(() => parseDuration(text)).toThrow(/^[^\n]+$/);
  });
});

describe('a duration is written as', () => {
  test.each([
    [0, '0s'],
    [-5, '0s'],
    [0.4, '0s'],
    [1, '1ms'],
    [250, '250ms'],
    [999.6, '1s'],
    [1_000, '1s'],
    [2_500, '2.5s'],
    [2_540, '2.5s'],
    [59_960, '1m'],
    [60_000, '1m'],
    [61_499, '1m1s'],
    [3_599_600, '1h'],
    [5_400_000, '1h30m'],
    [3_600_001, '1h'],
    [315_360_000_000, '87600h'],
  ])('%d ms: %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

it('reads what it writes, within the precision it writes with', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_147_483_646_000 }), (ms) => {
      const read = parseDuration(formatDuration(ms));
      expect(Math.abs(read - ms)).toBeLessThanOrEqual(ms < 1_000 ? 0 : ms < 60_000 ? 50 : 500);
    }),
  );
});

it('throws nothing but one-line errors, whatever the text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        expect(parseDuration(text)).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect((error as Error).message).toMatch(/^[^\n]+$/);
      }
    }),
  );
});
