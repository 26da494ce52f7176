/** Everything random of a round, in the order in which it is asked for: the same seed, the same choices. */
import { seededRandom } from '../support/random.ts';

export interface Chance {
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** The same, rounded. */
  whole(low: number, high: number): number;
  isTrue(probability: number): boolean;
  oneOf<T>(many: readonly [T, ...T[]]): T;
  /** As `oneOf`, by weight. */
  weighted<T>(many: readonly (readonly [weight: number, what: T])[]): T;
  some<T>(many: readonly T[], probability: number): T[];
}

/** Rounds of one seed differ, and do not repeat those of the next seed. */
export function chanceOf(seed: number, round: number): Chance {
  const random = seededRandom(Math.imul(seed, 2_654_435_761) ^ Math.imul(round + 1, 40_503));
  const chance: Chance = {
    between: (low, high) => low + random() * (high - low),
    whole: (low, high) => Math.round(chance.between(low, high)),
    isTrue: (probability) => random() < probability,
    oneOf: (many) => many[Math.floor(random() * many.length)]!,
    weighted(many) {
      const total = many.reduce((sum, [weight]) => sum + weight, 0);
      let left = random() * total;
      for (const [weight, what] of many) if ((left -= weight) < 0) return what;
      return many.at(-1)![1];
    },
    some: (many, probability) => many.filter(() => random() < probability),
  };
  return chance;
}
