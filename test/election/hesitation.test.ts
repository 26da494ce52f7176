import { describe, expect, test } from 'vitest';
import { hesitationMs } from '../../src/election/hesitation.ts';
import { seededRandom } from '../support/random.ts';

describe.each([
  { who: 'who knows of no rivals', hasRivals: false, windowMs: 5, writeMs: 2.4 },
  { who: 'who has rivals', hasRivals: true, windowMs: 12.5, writeMs: 6 },
])('$who', ({ hasRivals, windowMs, writeMs }) => {
  test(`nobody hesitates for longer than ${String(windowMs)} ms, and nobody goes before the event`, () => {
    for (const random of [0, 0.1, 0.5, 0.999, 1 - 2 ** -40, 1 - Number.EPSILON]) {
      const ms = hesitationMs(() => random, hasRivals);
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(windowMs);
    }
  });

  test.each([2, 10, 100, 1_000])(
    `%d that begin at once, few go before the news of the first has gone round in ${String(writeMs)} ms`,
    (candidates) => {
      const random = seededRandom(candidates);
      const rounds = 200;
      let losers = 0;
      for (let round = 0; round < rounds; round += 1) {
        const goes = Array.from({ length: candidates }, () => hesitationMs(random, hasRivals));
        const firstMs = Math.min(...goes);
        losers += goes.filter((ms) => ms < firstMs + writeMs).length - 1;
      }
      expect(losers / rounds).toBeLessThan(Math.min(candidates, 40));
    },
  );
});
