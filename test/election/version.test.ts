import { expect, test } from 'vitest';
import { isLater } from '../../src/election/version.ts';

test.each([
  ['2', '1', true],
  ['10', '9', true],
  ['9007199254740993', '9007199254740992', true],
  ['1', '1', false],
  ['opaque', 'opaque', false],
  ['9', '10', false],
  ['', '1', undefined],
  ['a', '1', undefined],
  ['1', '0x1', undefined],
  ['-1', '1', undefined],
  ['1e3', '1', undefined],
  ['9'.repeat(10_000), '1', undefined],
])('whether %j is later than %j: %j', (version, other, expected) => {
  expect(isLater(version, other)).toBe(expected);
});
