import { expect, test } from 'vitest';
import { simulate } from './simulation.ts';

/** `SEED=4711 SCHEDULES=1 npx vitest run safety` runs one schedule again; a higher number runs more of them. */
const firstSeed = Number(process.env['SEED'] ?? 1);
const schedules = Number(process.env['SCHEDULES'] ?? 200);

/** A simulation in which one of these never happens proves little. */
const interesting = [
  'started',
  'went on',
  'renewal-failing',
  'renewal-recovered',
  'suspended',
  'resumed',
  'expired',
  'usurped',
  'released',
  'not-ours',
  'failed',
  'cut',
  'frozen',
  'slept',
  'crashed',
];

test(
  'never two commands at one true time, whatever clocks, wires and processes do',
  { timeout: 0 },
  async () => {
    const happened = new Set<string>();
    for (let seed = firstSeed; seed < firstSeed + schedules; seed += 1) {
      const { violations, counts } = await simulate(seed);
      expect(violations, `seed ${String(seed)}`).toEqual([]);
      for (const what of counts.keys()) happened.add(what);
    }
    if (schedules >= 200) expect([...happened]).toEqual(expect.arrayContaining(interesting));
  },
);
