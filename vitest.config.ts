import { defineConfig } from 'vitest/config';

/** What takes long because it waits for leases to run out, or repeats itself. */
const endurance = [
  'frozen-wrapper',
  'killed-wrapper',
  'early-signals',
  'guard',
  'terminal',
  'listen-hostile',
].map((name) => `test/process/${name}.test.ts`);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/cluster/**', 'test/faults/**', 'test/interop/**', 'test/process/**'],
        },
      },
      {
        test: {
          name: 'process',
          include: ['test/process/**/*.test.ts'],
          exclude: endurance,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'endurance',
          include: endurance,
          testTimeout: 60_000,
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
