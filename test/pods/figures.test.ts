/** What a leader and a standby take, as the kubelet counts it: the requests of examples/ are enough. */
import { expect } from 'vitest';
import { test } from './support/fixtures.ts';
import { example } from './support/manifest.ts';
import { usageOf } from './support/usage.ts';

test('a leader and a standby need no more memory than they request', async ({ story }) => {
  await story.apply(example('deployment.yaml'));
  await story.rolledOut('worker');
  const leader = await story.leader('worker');
  const standby = await story.standby('worker');
  const pods = { leader, standby };
  for (const [role, pod] of Object.entries(pods)) {
    const { ownMiB, workingSetMiB, cpuMs } = await usageOf(story, pod);
    const memory = `${ownMiB.toFixed(1)} MiB of its own, working set ${workingSetMiB.toFixed(1)} MiB`;
    process.stdout.write(`   ${role}: ${memory}, ${cpuMs.toFixed(1)} ms of a processor per s\n`);
    expect(ownMiB).toBeLessThan(64);
  }
});
