/** The container has little processor time, or little memory, for the wrapper itself. */
import { describe, expect } from 'vitest';
import { test } from './support/fixtures.ts';
import { example } from './support/manifest.ts';

describe('with a limit of', () => {
  test.for<{ cpu?: string; memory?: string }>([{ cpu: '50m' }, { cpu: '20m' }, { memory: '16Mi' }])(
    '%o both pods get ready, and hand over',
    async (limits, { story }) => {
      await story.apply(example('deployment.yaml', { limits }));
      await story.rolledOut('worker');
      const leader = await story.leader('worker');
      await story.succeeded(leader);
      await story.rolledOut('worker');
      // Nothing was ended by a probe.
      for (const { status } of await story.pods('worker'))
        expect(status.containerStatuses?.[0]?.restartCount).toBe(0);
    },
  );
});
