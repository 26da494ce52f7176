/** A defect that does not fit the code any more would be noticed only when its turn comes. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutations } from './mutations.ts';

test.each(mutations)('$name: fits the code', ({ edits }) => {
  expect(edits).not.toEqual([]);
  for (const [file, from] of edits) expect(readFileSync(file, 'utf8').split(from)).toHaveLength(2);
});
