import { expect, test } from 'vitest';
import { fencingTokenOf, hasLostPart, isLater } from '../../src/election/version.ts';

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
  ['2+1', '1+1', true],
  ['1+2', '1+1', true],
  ['2+2', '1+1', true],
  ['1+1', '1+1', false],
  ['1+1', '1+2', false],
  ['1+1', '2+2', false],
  ['2+1', '1+2', undefined],
  ['9+10', '10+9', undefined],
  ['none+2', 'none+1', true],
  ['none+1', '1+1', undefined],
  ['1+1', 'none+1', undefined],
  ['2', '1+1', undefined],
])('whether %j is later than %j: %j', (version, other, expected) => {
  expect(isLater(version, other)).toBe(expected);
});

test.each([
  ['12', '12'],
  ['12+34', '34'],
  ['opaque', 'opaque'],
])('the fencing token of %j is %j', (version, token) => {
  expect(fencingTokenOf(version)).toBe(token);
});

test.each([
  ['none+2', '1+2', true],
  ['1+none', '1+2', true],
  ['2+none', '1+none', false],
  ['1+2', 'none+2', false],
  ['2', '1', false],
])('whether %j has lost a part of %j: %j', (version, before, expected) => {
  expect(hasLostPart(version, before)).toBe(expected);
});
