import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMicroTime, parseMicroTime } from '../../src/locks/record-fields.ts';

describe('MicroTime', () => {
  test('every time that is exact in microseconds survives writing and reading', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (us) => {
        expect(parseMicroTime(formatMicroTime(us))).toBe(us);
      }),
    );
  });

  test('is written with exactly six fractional digits', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (us) => {
        expect(formatMicroTime(us)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      }),
    );
    expect(formatMicroTime(1_763_714_412_345_678)).toBe('2025-11-21T08:40:12.345678Z');
    expect(formatMicroTime(-1)).toBe('1969-12-31T23:59:59.999999Z');
  });

  test.each([
    ['2025-11-21T08:40:12Z', 1_763_714_412_000_000],
    ['2025-11-21T08:40:12.3Z', 1_763_714_412_300_000],
    ['2025-11-21T08:40:12.345678Z', 1_763_714_412_345_678],
    ['2025-11-21T08:40:12.345678999Z', 1_763_714_412_345_678],
    ['2025-11-21T09:40:12.345678+01:00', 1_763_714_412_345_678],
    ['2025-11-21t03:10:12.345678-05:30', 1_763_714_412_345_678],
    ['1969-12-31T23:59:59.999999z', -1],
  ])('%s is read', (text, us) => {
    expect(parseMicroTime(text)).toBe(us);
  });

  test.each([
    [undefined],
    [null],
    [''],
    [1_763_714_412],
    [{}],
    ['yesterday'],
    ['2025-11-21'],
    ['2025-11-21T08:40:12'],
    ['2025-13-21T08:40:12Z'],
    ['2025-11-21T25:40:12Z'],
    ['2025-11-21 08:40:12.345678+00:00 and more'],
    ['9999-12-31T23:59:59.999999Z'],
  ])('%j is no time', (value) => {
    expect(parseMicroTime(value)).toBeUndefined();
  });

  test('what is no integer cannot be written', () => {
    for (const us of [NaN, Infinity, 0.5, 2 ** 53])
      expect(() => formatMicroTime(us)).toThrow(RangeError);
  });
});
