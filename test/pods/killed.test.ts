/** Something in the leading container is killed. */
import { describe, expect } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { test } from './support/fixtures.ts';
import { nowMs } from './support/lives.ts';
import { example } from './support/manifest.ts';
import { patience, type Story } from './support/story.ts';

async function worker(story: Story): Promise<string> {
  await story.apply(example('deployment.yaml'));
  await story.rolledOut('worker');
  return story.leader('worker');
}

describe('in a leading container', () => {
  test('the wrapper is killed: its command goes with it, the next one waits for the lease', async ({
    story,
  }) => {
    const leader = await worker(story);
    const { wrapper } = await story.family(leader);
    const killedMs = nowMs();
    process.kill(wrapper.pid, 'SIGKILL');
    await story.lifeAfter(killedMs);
    const [first] = await story.lives();
    expect(first!.endedMs).toBeUndefined();
    expect(await story.restarted(leader)).toMatchObject({ exitCode: 137 });
  });

  test('the command is killed: the lock is released, and the container ends like the command', async ({
    story,
  }) => {
    const leader = await worker(story);
    const { command } = await story.family(leader);
    const killedMs = nowMs();
    process.kill(command.pid, 'SIGKILL');
    await story.lifeAfter(killedMs);
    expect(await story.restarted(leader)).toMatchObject({ exitCode: 137 });
  });

  test('the pod is deleted by force', async ({ story }) => {
    const leader = await worker(story);
    await story.succeeded(leader, '--force', '--grace-period=0');
  });

  test('the command takes more memory than its limit', async ({ story }) => {
    await story.apply(
      example('deployment.yaml', {
        limits: { memory: '128Mi' },
        command: ['./worker', '--eat', '400'],
      }),
    );
    const leader = await story.leader('worker');
    const ended = await story.restarted(leader);
    // The kernel chooses the biggest, which is the command; the container ends as it did.
    expect(ended).toMatchObject({ exitCode: 137 });
    const lives = await until(
      'somebody works again',
      async () => {
        const all = await story.lives();
        return all.length > 1 && all;
      },
      patience,
    );
    expect(lives[0]!.endedMs).toBeUndefined();
  });
});
