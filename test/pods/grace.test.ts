/** How long the kubelet waits, and what becomes of the lock. */
import { describe, expect } from 'vitest';
import { test } from './support/fixtures.ts';
import { example } from './support/manifest.ts';
import type { Story } from './support/story.ts';

/** Deletes a leader whose command ignores TERM. Returns how long it worked on after that, and the next one's start. */
async function deleteDeaf(story: Story, grace: number): Promise<{ onMs: number; nextMs: number }> {
  await story.apply(example('deployment.yaml', { grace, command: ['./worker', '--ignore-term'] }));
  await story.rolledOut('worker');
  const leader = await story.leader('worker');
  const next = await story.succeeded(leader);
  const [first] = await story.lives();
  return { onMs: first!.seenMs - first!.toldMs!, nextMs: next.begunMs - first!.seenMs };
}

describe('a command that ignores TERM', () => {
  test('in the time of the example it is killed by the wrapper, which releases the lock', async ({
    story,
  }) => {
    const { onMs } = await deleteDeaf(story, 35);
    expect(onMs).toBeGreaterThan(24_000);
  });

  test('in too short a time the kubelet kills both, and the lease has to run out', async ({
    story,
  }) => {
    const { onMs, nextMs } = await deleteDeaf(story, 5);
    expect(onMs).toBeLessThan(24_000);
    // Not released: nobody could take what was renewed 2 s before, unless the machine slept.
    expect(nextMs).toBeGreaterThan(2_000);
  });
});
