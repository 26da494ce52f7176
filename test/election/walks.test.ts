/** Exhaustive by chance: the default run walks the same ways every time, `SEED=…` others, `SECONDS=600` many more of them. */
import { expect, test } from 'vitest';
import { seededRandom } from '../support/random.ts';
import { walk, type Hand } from './walks.ts';

const seed = Number(process.env['SEED'] ?? 20261129);
const seconds = Number(process.env['SECONDS'] ?? 0);
const fewestWalks = 6_000;

test.each<[string, readonly Hand[], number]>([
  ['no hand', [], 3_000],
  ['a hand that deletes', ['deletes'], 3_000],
  ['a hand that clears', ['clears'], 3_000],
  ['a hand that shortens', ['shortens'], 3_000],
  ['hands that do all of it', ['deletes', 'clears', 'shortens'], 3_000],
  ['a lease of one second, and a hand that clears', ['clears'], 1_000],
])(
  `with %s nobody leads beside one that it has seen (SEED=${String(seed)})`,
  { timeout: (seconds + 120) * 1_000 },
  (_, hands, leaseMs) => {
    const random = seededRandom(seed);
    const endsAtMs = performance.now() + seconds * 1_000;
    let walks = 0;
    while (walks < fewestWalks || performance.now() < endsAtMs) {
      expect(walk({ random, leaseMs, hands, processes: 2 + (walks % 2) })).toBeUndefined();
      walks += 1;
    }
    if (seconds > 0) process.stdout.write(`${String(walks)} walks\n`);
  },
);
