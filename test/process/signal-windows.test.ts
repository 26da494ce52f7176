/** A signal between two steps of a run is never lost, leaves no orphan and no held lock. */
import { constants } from 'node:os';
import { setTimeout as after } from 'node:timers/promises';
import { describe } from 'vitest';
import { quick, signalPrinter, test } from './support/stage.ts';

test('while the lock is out of reach, TERM ends us', async ({ stage, expect }) => {
  const unblock = stage.lockFile.block();
  const wrapper = stage.run(['echo', 'CMD was started']);
  await wrapper.line(/cannot reach the lock/);
  wrapper.signal('SIGTERM');
  expect(await wrapper.exit).toEqual({ status: 143, signal: null });
  unblock();
  expect(wrapper.stdout).toBe('');
  expect(stage.lockFile.record).toBeUndefined();
});

describe.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('after winning, %s', (signal) => {
  const moments = [0, 2, 4, 6, 8, 10, 12, 15, 20, 30];

  test.concurrent.for(moments)(
    '%i ms later reaches CMD, or CMD is never started',
    async (ms, { stage, expect }) => {
      const wrapper = stage.run(signalPrinter(1));
      await wrapper.line(/: leading/);
      await after(ms);
      wrapper.signal(signal);
      const exit = await wrapper.exit;
      await wrapper.closed;
      const died = 128 + constants.signals[signal];
      if (wrapper.stdout.includes(signal.slice(3))) expect(exit.status).toBe(0);
      else if (exit.signal === null) expect(exit.status).toBe(died);
      else expect(exit.signal).toBe('SIGINT');
      expect(wrapper.family()).toEqual([]);
      expect(stage.lockFile.holder).toBe('');
    },
  );
});

test('while CMD is being stopped, more signals reach it', async ({ stage, expect }) => {
  const wrapper = stage.run(signalPrinter(4));
  await wrapper.line(/^ready$/);
  for (const name of ['TERM', 'INT', 'HUP', 'USR2'] as const) {
    wrapper.signal(`SIG${name}`);
    await Promise.race([wrapper.line(new RegExp(`^${name}$`)), wrapper.exit]);
  }
  expect(await wrapper.exit).toEqual({ status: 0, signal: null });
  await wrapper.closed;
  expect(wrapper.stdout).toBe('ready\nTERM\nINT\nHUP\nUSR2\n');
  expect(stage.lockFile.holder).toBe('');
});

test('while the lock is being released, signals change nothing', async ({ stage, expect }) => {
  const wrapper = stage.run(['sh', '-c', 'echo ready; read -r _; exit 7']);
  await wrapper.line(/^ready$/);
  const unblock = stage.lockFile.block();
  wrapper.stdin.write('\n');
  await wrapper.line(/CMD exited with code 7/);
  wrapper.signal('SIGTERM');
  wrapper.signal('SIGINT');
  unblock();
  expect(await wrapper.exit).toEqual({ status: 7, signal: null });
  expect(stage.lockFile.holder).toBe('');
});

test('a lock that cannot be released delays the end, for a while', async ({ stage, expect }) => {
  const wrapper = stage.run(['sh', '-c', 'echo ready; read -r _; exit 7'], { flags: quick });
  await wrapper.line(/^ready$/);
  const unblock = stage.lockFile.block();
  wrapper.stdin.write('\n');
  expect(await wrapper.exit).toEqual({ status: 7, signal: null });
  unblock();
  await wrapper.line(/not released, the lease will expire by itself/);
});

test('between two terms, TERM ends the wait for the next', async ({ stage, expect }) => {
  const wrapper = stage.run(['sh', '-c', 'echo ready; sleep 1000'], {
    flags: [...quick, '--on-lost', 'rejoin'],
  });
  await wrapper.line(/^ready$/);
  stage.lockFile.usurp('somebody');
  await wrapper.line(/standing by/);
  expect(wrapper.offspring()).toEqual([]);
  wrapper.signal('SIGTERM');
  expect(await wrapper.exit).toEqual({ status: 143, signal: null });
  expect(stage.lockFile.holder).toBe('somebody');
});

test.concurrent.for([0, 1, 2, 3, 4, 6, 8, 10])(
  'TERM %i ms after the release leaves the exit status as it is',
  async (ms, { stage, expect }) => {
    const wrapper = stage.run(['sh', '-c', 'exit 7']);
    await wrapper.line(/: released/);
    await after(ms);
    wrapper.process.kill('SIGTERM');
    expect(await wrapper.exit).toEqual({ status: 7, signal: null });
  },
);
