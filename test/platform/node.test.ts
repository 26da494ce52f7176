/** What each port promises, on Node. test/executable/host.test.ts has the same of the other adapter. */
import { expect, it } from 'vitest';
import { claims } from './claims.ts';
import { makePlace } from './place.ts';

it.each(claims.map((claim) => [claim.name, claim] as const))('%s', async (_, { check }) => {
  const place = await makePlace();
  try {
    await check(place);
  } finally {
    await place.end();
  }
  expect.assertions(0);
});
