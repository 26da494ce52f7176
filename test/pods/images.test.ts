/** Other images and pods than those of the examples: hand-over, and nothing of a killed wrapper's command outlives it. */
import { describe, expect } from 'vitest';
import { test } from './support/fixtures.ts';
import { nowMs } from './support/lives.ts';
import { example, type Change } from './support/manifest.ts';

const share: Change['pod'] = (spec) => {
  spec.shareProcessNamespace = true;
};

describe('where the wrapper is killed', () => {
  test.for<{ what: string; change: Change }>([
    { what: 'a shared PID namespace', change: { pod: share } },
    { what: 'no shell', change: { image: 'shellless:1' } },
    { what: 'no shell and a shared PID namespace', change: { image: 'shellless:1', pod: share } },
  ])('$what', async ({ change }, { story }) => {
    await story.apply(example('deployment.yaml', change));
    await story.rolledOut('worker');
    const leader = await story.leader('worker');
    const { wrapper, command } = await story.family(leader);
    const killedMs = nowMs();
    process.kill(wrapper.pid, 'SIGKILL');
    await story.lifeAfter(killedMs);
    expect(() => process.kill(command.pid, 0)).toThrow('ESRCH');
  });
});
