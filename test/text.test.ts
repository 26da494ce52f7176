import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oneLine } from '../src/text.ts';

describe('a text that somebody else wrote', () => {
  test('is one line of at most 300 visible characters, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5_000 }), (text) => {
        const line = oneLine(text);
        expect(line.length).toBeLessThanOrEqual(300);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(line.isWellFormed()).toBe(true);
      }),
    );
  });

  test.each([
    ['a\r\nb\tc', 'a b c'],
    ['\u001b[31mred\u001b[0m', '[31mred [0m'],
    ['left\u202eright', 'left right'],
    ['  kept as it is: größe 領導者 🦊 ', 'kept as it is: größe 領導者 🦊'],
  ])('%j becomes %j', (text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  test.each([
    'Authorization: Bearer abc.def-ghi_jkl',
    'token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMuZGVmIn0.abc.def',
  ])('loses its bearer tokens: %s', (text) => {
    const line = oneLine(text);
    expect(line).toContain('<token>');
    expect(line).not.toContain('abc.def');
  });

  test('is cut fast even when it is huge', () => {
    expect(oneLine('\n'.repeat(4e6))).toBe('');
    expect(oneLine('x'.repeat(4e6))).toHaveLength(300);
  });
});
