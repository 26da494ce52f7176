import { expect, test } from 'vitest';
import { simulate } from './simulation.ts';

/** `SEED=4711 SCHEDULES=1 npx vitest run safety` runs one schedule again; a higher number runs more of them. */
const firstSeed = Number(process.env['SEED'] ?? 1);
const schedules = Number(process.env['SCHEDULES'] ?? 250);

test(
  'never two commands at one true time, whatever clocks, wires and processes do',
  { timeout: 0 },
  async () => {
    const total = new Map<string, number>();
    for (let seed = firstSeed; seed < firstSeed + schedules; seed += 1) {
      const { overlaps, counts } = await simulate(seed);
      expect(overlaps, `seed ${String(seed)}`).toEqual([]);
      for (const [what, count] of counts) total.set(what, (total.get(what) ?? 0) + count);
    }
    if (process.env['SCHEDULES']) console.log(total);
  },
);
