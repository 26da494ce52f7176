/** The guard as a process among others: small, hard to kill, and back when it is killed. */
import { constants } from 'node:os';
import { describe } from 'vitest';
import { guardOf, isWhole } from './support/guard.ts';
import { descriptorsOf, isAlive, pssOf, signalsIn, until } from './support/proc.ts';
import { quick, test, type RunOptions, type Stage, type Wrapper } from './support/stage.ts';

async function guarded(stage: Stage, options: RunOptions = {}): Promise<Wrapper> {
  const cmd = ['sh', '-c', 'echo ready; exec sleep 1000'];
  const wrapper = stage.run(cmd, { flags: quick, ...options });
  await wrapper.line(/^ready$/);
  await until(() => isWhole(guardOf(wrapper)));
  return wrapper;
}

/** SIGKILLs a process of the guard, or its group, and resolves with the milliseconds until it is whole again. */
async function recovery(wrapper: Wrapper, victim: number): Promise<number> {
  const victims = victim < 0 ? guardOf(wrapper) : [victim];
  process.kill(victim, 'SIGKILL');
  const killedAtMs = performance.now();
  await until(() => {
    const guard = guardOf(wrapper);
    return isWhole(guard) && !guard.some((pid) => victims.includes(pid));
  });
  return performance.now() - killedAtMs;
}

const parts = [
  ['leader', 0],
  ['second process', 1],
  ['third process', 2],
] as const;

describe('a guard whose', () => {
  test.for([
    ['leader', 0, 100],
    ['second process', 1, 100],
    ['third process', 2, 100],
    // Nobody waits for the alarm. It is looked after with each renewal, here every 200 ms.
    ['alarm', 3, 300],
    ["alarm's sleep", 4, 100],
  ] as const)(
    '%s is killed is whole again, CMD lives on and dies with us',
    async ([, victim, withinMs], { stage, expect }) => {
      const wrapper = await guarded(stage);
      const [cmd = 0] = wrapper.offspring();
      const times = [];
      for (let round = 0; round < 5; round += 1)
        times.push(await recovery(wrapper, guardOf(wrapper)[victim] ?? 0));
      // At its best: the others wanted the processor too.
      expect(Math.min(...times)).toBeLessThan(withinMs);
      expect(Math.max(...times)).toBeLessThan(1_000);
      expect(isAlive(cmd)).toBe(true);
      process.kill(wrapper.pid, 'SIGKILL');
      await until(() => wrapper.offspring().length === 0);
    },
  );

  test.for(parts)(
    '%s is killed leaves nobody behind, not even an alarm that is far off',
    async ([, victim], { stage }) => {
      const wrapper = await guarded(stage, { flags: ['--lease-duration', '60'] });
      const guard = guardOf(wrapper);
      process.kill(guard[victim] ?? 0, 'SIGKILL');
      await until(() => !guard.some(isAlive));
    },
  );

  test.for([...parts, ['alarm', 3] as const])(
    '%s is killed together with us still ends CMD, and leaves nobody behind',
    async ([, victim], { stage }) => {
      const wrapper = await guarded(stage, { flags: ['--lease-duration', '60'] });
      const guard = guardOf(wrapper);
      // Stopped first, so that nothing of the guard is replaced in between.
      process.kill(wrapper.pid, 'SIGSTOP');
      process.kill(guard[victim] ?? 0, 'SIGKILL');
      process.kill(wrapper.pid, 'SIGKILL');
      await until(() => wrapper.offspring().length === 0);
      await until(() => !guard.some(isAlive));
    },
  );

  test('every process is killed at once is replaced', async ({ stage, expect }) => {
    const wrapper = await guarded(stage);
    const [cmd = 0] = wrapper.offspring();
    for (let round = 0; round < 20; round += 1)
      expect(await recovery(wrapper, -(guardOf(wrapper)[0] ?? 0))).toBeLessThan(1_000);
    expect(isAlive(cmd)).toBe(true);
    process.kill(wrapper.pid, 'SIGKILL');
    await until(() => wrapper.offspring().length === 0);
  });
});

describe('every process of the guard', () => {
  test('ignores what terminals and orderly shutdowns send', async ({ stage, expect }) => {
    const wrapper = await guarded(stage);
    const names = [
      'SIGTERM',
      'SIGINT',
      'SIGHUP',
      'SIGQUIT',
      'SIGTSTP',
      'SIGTTIN',
      'SIGTTOU',
    ] as const;
    for (const pid of guardOf(wrapper)) {
      const ignored = signalsIn(pid, 'SigIgn');
      expect(names.filter((name) => !ignored.has(constants.signals[name]))).toEqual([]);
    }
  });

  test('has nothing open but its own pipes', async ({ stage, expect }) => {
    const stdio = Array.from({ length: 10 }, () => 'pipe' as const);
    const wrapper = await guarded(stage, { stdio });
    const given = new Map([...descriptorsOf(wrapper.pid)].filter(([fd]) => fd < stdio.length));
    expect(given.size).toBe(stdio.length);
    for (const open of guardOf(wrapper).flatMap((pid) => [...descriptorsOf(pid).values()])) {
      expect(open).toMatch(/^(\/dev\/null|pipe:.*|socket:.*)$/);
      expect([...given.values()]).not.toContain(open);
    }
  });

  test('and all of them together are small', async ({ stage, expect }) => {
    const wrapper = await guarded(stage);
    const kilobytes = guardOf(wrapper).map(pssOf);
    expect(kilobytes.reduce((sum, each) => sum + each)).toBeLessThan(2_000);
  });
});

test('the guard is gone when we are', async ({ stage, expect }) => {
  const wrapper = await guarded(stage);
  const guard = guardOf(wrapper);
  wrapper.signal('SIGTERM');
  expect(await wrapper.exit).toEqual({ status: 143, signal: null });
  await until(() => !guard.some(isAlive));
});
