/** A glance at the simulation in the default run; `npm run simulate` looks at many more schedules. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schedules } from './schedule.ts';
import { play } from './world.ts';

const seed = Number(process.env['SEED'] ?? 20_261_129);
const numRuns = Number(process.env['SCHEDULES'] ?? 150);

/** A simulation in which one of these never happens proves little. */
const interesting: Record<string, readonly string[]> = {
  'by candidates': [
    'expired',
    'renewal-recovered',
    'suspended',
    'not-ours',
    'left-over',
    'failed',
    'half-way',
    'asked-to-step-down',
    'holding',
    'requested',
    'stuck',
    'loop',
    'callbacks',
    'holder-dead',
    'pod-deleted',
    'pod-failed',
  ],
  'by anybody': ['usurped', 'restored', 'waiting-out'],
};

describe(`in ${String(numRuns)} schedules from SEED=${String(seed)}`, () => {
  test.each([
    ['by candidates', false],
    ['by anybody', true],
  ])(
    'records written %s: never two commands at one time',
    { timeout: 120_000 },
    async (by, forced) => {
      const happened = new Set<string>();
      const property = fc.asyncProperty(schedules({ forced }), async (schedule) => {
        const { violations, counts } = await play(schedule);
        for (const what of counts.keys()) happened.add(what);
        expect(violations).toEqual([]);
      });
      await fc.assert(property, { seed, numRuns, endOnFailure: true });
      expect([...happened]).toEqual(expect.arrayContaining([...interesting[by]!]));
    },
  );
});

test('a schedule always gives the same story', async () => {
  const [schedule] = fc.sample(schedules({ forced: true }), { seed, numRuns: 1 });
  const once = await play(schedule!, { verbose: true });
  expect(await play(schedule!, { verbose: true })).toEqual(once);
  expect(once.timeline.length).toBeGreaterThan(0);
});
