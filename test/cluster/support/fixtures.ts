/** A control plane a file, a contest a test. */
import { test as base, type TestAPI } from 'vitest';
import { startControlPlane, type ControlPlane } from '../../support/control-plane.ts';
import { openContest, type Contest } from './contest.ts';

interface Fixtures {
  readonly controlPlane: ControlPlane;
  readonly contest: Contest;
}

/** Tests on a server with additional arguments. */
export function testOn(apiserverArgs: readonly string[]): TestAPI<Fixtures> {
  return base.extend<Fixtures>({
    controlPlane: [
      // eslint-disable-next-line no-empty-pattern
      async ({}, use) => {
        const controlPlane = await startControlPlane({ apiserverArgs });
        await use(controlPlane);
        await controlPlane.close();
      },
      { scope: 'file' },
    ],
    contest: async ({ controlPlane, onTestFailed }, use) => {
      const contest = await openContest(controlPlane);
      onTestFailed(({ task }) => {
        process.stderr.write(`\n${task.name}\n${contest.said()}\n`);
      });
      await use(contest);
      await contest.close();
    },
  });
}

export const test = testOn([]);
