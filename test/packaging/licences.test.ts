/** Which licences may be linked into the one file. */
import { expect, it } from 'vitest';
import { isAllowed } from '../../scripts/licences.ts';

it.each([
  ['MIT', true],
  ['MIT OR Apache-2.0', true],
  ['MIT/Apache-2.0', true],
  ['Apache-2.0 AND ISC', true],
  ['GPL-3.0-only OR MIT', true],
  ['GPL-3.0-only', false],
  ['MIT AND GPL-3.0-only', false],
  ['MPL-2.0 OR GPL-3.0-only', false],
  ['(MIT OR Apache-2.0) AND Unicode-3.0', false],
  ['', false],
])('%s: %s', (licence, may) => {
  expect(isAllowed(licence)).toBe(may);
});
