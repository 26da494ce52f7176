import { expect, test } from 'vitest';
import { hesitationMs } from '../../src/election/hesitation.ts';
import { seededRandom } from '../support/random.ts';

test('nobody hesitates for longer than 12.5 ms, and nobody goes before the event', () => {
  for (const random of [0, 0.1, 0.5, 0.999, 1 - 2 ** -40, 1 - Number.EPSILON]) {
    const ms = hesitationMs(() => random);
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThanOrEqual(12.5);
  }
});

test.each([2, 10, 100, 1_000])(
  'of %d that begin at once, few go before the news of the first has gone round in 6 ms',
  (candidates) => {
    const random = seededRandom(candidates);
    const rounds = 200;
    let losers = 0;
    for (let round = 0; round < rounds; round += 1) {
      const goes = Array.from({ length: candidates }, () => hesitationMs(random));
      const firstMs = Math.min(...goes);
      losers += goes.filter((ms) => ms < firstMs + 6).length - 1;
    }
    expect(losers / rounds).toBeLessThan(Math.min(candidates, 40));
  },
);
