import { defineConfig } from 'vitest/config';

/** What takes long because it waits for leases to run out, repeats itself, or needs half a distribution. */
const endurance = [
  'process/frozen-wrapper',
  'process/killed-wrapper',
  'process/early-signals',
  'process/guard',
  'process/terminal',
  'process/listen-hostile',
  'process/package',
  'commands/completion',
  'commands/step-down-program',
  'docs/picture',
  'packaging/image',
].map((name) => `test/${name}.test.ts`);

export default defineConfig({
  test: {
    // On two processors vitest would use one. What measures time has its own to itself.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['cluster', 'faults', 'interop', 'process']
            .map((folder) => `test/${folder}/**`)
            .concat(endurance),
        },
      },
      {
        test: {
          name: 'process',
          include: ['test/process/**/*.test.ts'],
          exclude: endurance,
          testTimeout: 30_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'endurance',
          include: endurance,
          testTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 1_800_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 1_800_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 1_800_000,
          maxConcurrency: Number(process.env['AT_ONCE'] ?? 6),
        },
      },
    ],
  },
});
