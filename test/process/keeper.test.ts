/** The two keepers as processes among others: small, deaf, and each enough to end everything. */
import { constants } from 'node:os';
import { describe } from 'vitest';
import { isKeeper, keepersOf, type Keepers } from './support/keepers.ts';
import {
  argvOf,
  descriptorsOf,
  isAlive,
  pssOf,
  signalsIn,
  stateOf,
  until,
} from './support/proc.ts';
import {
  fixture,
  quick,
  test,
  type RunOptions,
  type Stage,
  type Wrapper,
} from './support/stage.ts';

async function kept(stage: Stage, options: RunOptions = {}): Promise<[Wrapper, Keepers]> {
  const wrapper = stage.run([fixture('family.sh')], options);
  await wrapper.line(/^ready$/);
  await until(() => wrapper.offspring().length >= 3);
  return [wrapper, keepersOf(wrapper)!];
}

function kill(...pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

/** Nothing of the command is left, nor of its keepers. */
async function allGone(wrapper: Wrapper, { outer, inner }: Keepers): Promise<void> {
  await until(() => wrapper.offspring().length === 0 && ![outer, inner].some(isAlive));
}

describe.each(['own group', 'terminal'] as const)('%s:', (place) => {
  test.concurrent.for(['outer', 'inner'] as const)(
    'the %s keeper is killed: the other one ends everything, and the lock is handed back',
    async (which, { stage, expect }) => {
      const [wrapper, keepers] = await kept(stage, { place });
      kill(keepers[which]);
      await allGone(wrapper, keepers);
      expect((await wrapper.exit).status).toBe(137);
      expect(stage.lockFile.holder).toBe('');
    },
  );

  test.concurrent.for(['outer', 'inner'] as const)(
    'the %s keeper and the wrapper are killed: the other one ends everything',
    async (which, { stage }) => {
      const [wrapper, keepers] = await kept(stage, { place });
      // Stopped first, so that the wrapper cannot take part.
      process.kill(wrapper.wrapperPid, 'SIGSTOP');
      kill(keepers[which], wrapper.wrapperPid);
      await allGone(wrapper, keepers);
    },
  );

  test.concurrent(
    'the inner keeper is killed while the wrapper is stopped: the outer one ends everything',
    async ({ stage }) => {
      const flags = ['--lease-duration', '3600', '--renew-deadline', '3000'];
      const [wrapper, keepers] = await kept(stage, { place, flags });
      process.kill(wrapper.wrapperPid, 'SIGSTOP');
      kill(keepers.inner);
      await until(() => wrapper.offspring().length === 0);
    },
  );

  test.concurrent(
    'both keepers are killed: CMD dies, and nobody hands back a lock whose command may live on',
    async ({ stage, expect }) => {
      const [wrapper, { outer, inner }] = await kept(stage, { place });
      const [cmd = 0] = [...wrapper.offspring()].sort((a, b) => a - b);
      process.kill(outer, 'SIGSTOP');
      kill(inner, outer);
      await until(() => !isAlive(cmd));
      await wrapper.line(/both keepers were killed/);
      expect((await wrapper.exit).status).toBe(79);
      expect(stage.lockFile.holder).not.toBe('');
    },
  );

  test.concurrent('all three are killed: CMD dies', async ({ stage }) => {
    const [wrapper, { outer, inner }] = await kept(stage, { place });
    const [cmd = 0] = [...wrapper.offspring()].sort((a, b) => a - b);
    process.kill(outer, 'SIGSTOP');
    kill(wrapper.wrapperPid, inner, outer);
    await until(() => !isAlive(cmd));
  });

  test.concurrent.for(['outer', 'inner'] as const)(
    'the %s keeper is stopped: it is continued',
    async (which, { stage, expect }) => {
      const [wrapper, keepers] = await kept(stage, { place });
      // Both, so that the one is seen to be stopped before the other one looks after it.
      const { wrapperPid } = wrapper;
      process.kill(wrapperPid, 'SIGSTOP');
      if (which === 'inner') process.kill(keepers.outer, 'SIGSTOP');
      process.kill(keepers[which], 'SIGSTOP');
      await until(() => stateOf(keepers[which]) === 'T');
      if (which === 'inner') process.kill(keepers.outer, 'SIGCONT');
      process.kill(wrapperPid, 'SIGCONT');
      await until(() => stateOf(keepers[which]) !== 'T');
      expect(wrapper.offspring()).not.toEqual([]);
      kill(wrapper.wrapperPid);
      await allGone(wrapper, keepers);
    },
  );

  test.concurrent.for(['outer', 'inner'] as const)(
    'the %s keeper and the wrapper are stopped: everything ends at the deadline',
    async (which, { stage }) => {
      const [wrapper, keepers] = await kept(stage, { place, flags: quick });
      process.kill(wrapper.wrapperPid, 'SIGSTOP');
      process.kill(keepers[which], 'SIGSTOP');
      await until(() => wrapper.offspring().length === 0);
      kill(wrapper.wrapperPid);
      process.kill(keepers.outer, 'SIGCONT');
      await allGone(wrapper, keepers);
    },
  );
});

describe('the keepers', () => {
  test('heed no signal but KILL and STOP', async ({ stage, expect }) => {
    const [wrapper, { outer, inner }] = await kept(stage);
    for (const pid of [outer, inner]) {
      const blocked = signalsIn(pid, 'SigBlk');
      const all = Array.from({ length: 64 }, (_, index) => index + 1);
      const { SIGKILL, SIGSTOP } = constants.signals;
      expect(all.filter((n) => !blocked.has(n))).toEqual([SIGKILL, SIGSTOP]);
      for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGTSTP', 'SIGUSR1'] as const)
        process.kill(pid, name);
    }
    wrapper.signal('SIGHUP');
    expect(await wrapper.exit).toEqual({ status: 129, signal: null });
  });

  test('hold nothing of what CMD has', async ({ stage, expect }) => {
    const stdio = Array.from({ length: 10 }, () => 'pipe' as const);
    const [wrapper, { outer, inner }] = await kept(stage, { stdio });
    const given = new Map([...descriptorsOf(wrapper.pid)].filter(([fd]) => fd < stdio.length));
    expect(given.size).toBe(stdio.length);
    for (const open of [outer, inner].flatMap((pid) => [...descriptorsOf(pid).values()])) {
      expect(open).toMatch(/^(\/dev\/null|\/proc|socket:.*|anon_inode:.*)$/);
      expect([...given.values()]).not.toContain(open);
    }
  });

  test('are small, and not found by our name', async ({ stage, expect }) => {
    const [, { outer, inner }] = await kept(stage);
    expect(pssOf(outer) + pssOf(inner)).toBeLessThan(600);
    for (const pid of [outer, inner]) expect(argvOf(pid).join(' ')).not.toContain('k8s-leader');
  });

  test('are gone when we are', async ({ stage, expect }) => {
    const [wrapper, { outer, inner }] = await kept(stage);
    wrapper.signal('SIGHUP');
    expect(await wrapper.exit).toEqual({ status: 129, signal: null });
    await until(() => ![outer, inner].some(isAlive));
  });

  test('that are killed while we stand by are replaced when they are needed', async ({
    stage,
    expect,
  }) => {
    const holder = stage.run(['sh', '-c', 'echo ready; read -r _']);
    await holder.line(/^ready$/);
    const standby = stage.run(['echo', 'started']);
    await until(() => keepersOf(standby) !== undefined);
    const { outer, inner } = keepersOf(standby)!;
    kill(outer);
    await until(() => !isKeeper(inner));
    holder.stdin.write('\n');
    expect(await standby.exit).toEqual({ status: 0, signal: null });
    await standby.closed;
    expect(standby.stdout).toBe('started\n');
  });
});
