/** A defect that does not fit the code any more would be noticed only when its turn comes. */
import { expect, test } from 'vitest';
import { mutations } from './mutations.ts';
import { codeOf, placeOf } from './place.ts';

const code = codeOf('.');

test.each(mutations)('$name: fits the code', ({ edits }) => {
  expect(edits).not.toEqual([]);
  for (const [quote] of edits) expect(placeOf(quote, code).text).toContain(quote);
});

test.each([
  ['stands nowhere', 'no such text in all of the code'],
  ['stands in many places', 'export function '],
])('a quote that %s does not fit', (_, quote) => {
  expect(() => placeOf(quote, code)).toThrow('must stand in one place');
});
