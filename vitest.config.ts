import { defineConfig } from 'vitest/config';

const filesOf = (names: readonly string[]) => names.map((name) => `test/${name}.test.ts`);

/** What takes long because it waits for leases to run out, repeats itself, or needs half a distribution. */
const endurance = filesOf([
  'process/frozen-wrapper',
  'process/killed-wrapper',
  'process/early-signals',
  'process/keeper',
  'process/every-adversary',
  'process/every-signal',
  'process/services',
  'process/fencing',
  'process/time-left',
  'process/terminal',
  'process/listen-hostile',
  'process/package',
  'commands/completion/completion',
  'commands/step-down-program',
  'docs/picture',
  'docs/restart-in-place',
  'packaging/dockerfile',
]);

/** Outside of test/process, but about the program as it ships. Together with those it can be run on any form of it. */
const program = filesOf(['commands/program', 'docs/commands', 'hostile/program']);

/** What is about the npm package or the image alone; of no use where an executable takes the place of the package. */
const ofThePackage = filesOf([
  'process/package',
  'packaging/dockerfile',
  'docs/picture',
  'docs/restart-in-place',
  'commands/completion/completion',
]);

/** What the API server or the library does, whatever form the program has. */
const ofTheServer = filesOf([
  'cluster/chart',
  'cluster/fence-delay',
  'cluster/fence-race',
  'cluster/library',
  'cluster/library-examples',
  'cluster/spare-parts',
  'cluster/watch-adapter',
]);

/**
 * A test waits for a fact, and fails when it does not come true; this is for what never ends. Others may be using the
 * processors, so it is far beyond what anything takes.
 */
const patience = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 100_000 } },
};

/** Figures that take minutes, by hand. */
const comparisonInPods = filesOf(['pods/client-go']);

export default defineConfig({
  test: {
    // On two processors vitest would use one. What measures time has its own to itself.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          ...patience,
          include: ['test/**/*.test.ts'],
          exclude: ['cluster', 'executable', 'faults', 'interop', 'pods', 'process']
            .map((folder) => `test/${folder}/**`)
            .concat(endurance, program),
        },
      },
      {
        test: {
          name: 'process',
          include: ['test/process/**/*.test.ts', ...program],
          exclude: endurance,
          ...patience,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'endurance',
          include: endurance,
          exclude: process.env['EXECUTABLE'] ? ofThePackage : [],
          ...patience,
          fileParallelism: false,
          maxConcurrency: Number(process.env['AT_ONCE'] ?? 5),
        },
      },
      {
        test: {
          name: 'executable',
          include: ['test/executable/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 1_800_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          exclude: process.env['EXECUTABLE'] ? ofTheServer : [],
          testTimeout: 120_000,
          hookTimeout: 1_800_000,
          fileParallelism: false,
        },
      },
      {
        // All files in one process: the cluster is started once.
        test: {
          name: 'pods',
          include: ['test/pods/**/*.test.ts'],
          exclude: process.env['COMPARE'] ? [] : comparisonInPods,
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          isolate: false,
          // A whole node on a busy machine: what fails is told on a second, fresh namespace as well.
          retry: 1,
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
