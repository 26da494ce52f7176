/** Nothing that CMD started outlives our leadership, however it ends. */
import { describe } from 'vitest';
import { childrenOf, isAlive, stateOf, statusOf, until } from './support/proc.ts';
import {
  fixture,
  quick,
  signalPrinter,
  slow,
  test,
  type Place,
  type Wrapper,
} from './support/stage.ts';

const places: Place[] = ['own group', 'terminal', 'under an init'];
/** Long enough to be kept on a busy machine. */
const leaseMs = 6_000;

/** CMD, a grandchild and a daemon, all deaf to TERM. */
const family = fixture('family.sh');

/** Resolves when they are what they are called. */
async function grown(wrapper: Wrapper): Promise<void> {
  await wrapper.line(/^ready$/);
  await until(() => wrapper.offspring().filter(leadsSession).length > 0);
}

function leadsSession(pid: number): boolean {
  return statusOf(pid, 'NSsid') === statusOf(pid, 'NSpid');
}

describe.each(places)('%s: CMD, a grandchild and a daemon, deaf to TERM, are gone', (place) => {
  test.concurrent('before we end when CMD has ended', async ({ stage, expect }) => {
    const wrapper = stage.run([family, '3'], { place });
    await wrapper.line(/stopping what CMD left behind: processes \d+, \d+/);
    expect(stage.lockFile.holder).not.toBe('');
    expect(await wrapper.exit).toEqual({ status: 3, signal: null });
    expect(wrapper.family()).toEqual([]);
    expect(stage.lockFile.holder).toBe('');
  });

  test.concurrent('after TERM and the grace', async ({ stage, expect }) => {
    const wrapper = stage.run([family], { place, flags: ['--stop-timeout', '0.3'] });
    await grown(wrapper);
    wrapper.signal('SIGTERM');
    expect(await wrapper.exit).toEqual({ status: 137, signal: null });
    expect(wrapper.family()).toEqual([]);
    expect(stage.lockFile.holder).toBe('');
  });

  test.concurrent('when the lock is out of reach', async ({ stage, expect }) => {
    const wrapper = stage.run([family], { place, flags: quick });
    await grown(wrapper);
    const unblock = stage.lockFile.block();
    await wrapper.line(/leadership lost: no renewal was acknowledged in time/);
    await until(() => wrapper.offspring().length === 0);
    unblock();
    expect(await wrapper.exit).toEqual({ status: 79, signal: null });
  });

  test.concurrent('at once when somebody else leads', async ({ stage, expect }) => {
    const wrapper = stage.run([family], { place, flags: quick });
    await grown(wrapper);
    stage.lockFile.usurp('somebody');
    await wrapper.line(/leadership lost: "somebody" holds the lock/);
    expect(await wrapper.exit).toEqual({ status: 79, signal: null });
    expect(wrapper.family()).toEqual([]);
    expect(wrapper.lines.join()).toContain('KILL now');
    expect(stage.lockFile.holder).toBe('somebody');
  });

  test.concurrent('even if CMD has dropped its environment', async ({ stage, expect }) => {
    const cmd = ['env', '-i', 'sh', '-c', 'trap "" TERM; echo ready; exec sleep 1000'];
    const wrapper = stage.run(cmd, { place, flags: ['--stop-timeout', '0.1'] });
    await wrapper.line(/^ready$/);
    wrapper.signal('SIGTERM');
    expect(await wrapper.exit).toEqual({ status: 137, signal: null });
  });
});

describe('on a loss by our own clock', () => {
  test.concurrent('CMD gets the stop signal and may end in peace', async ({ stage, expect }) => {
    const flags = [...quick, '--stop-signal', 'INT'];
    const wrapper = stage.run(signalPrinter(1), { flags });
    await wrapper.line(/^ready$/);
    const unblock = stage.lockFile.block();
    await wrapper.line(/^INT$/);
    await wrapper.line(/CMD exited with code 0/);
    unblock();
    expect(await wrapper.exit).toEqual({ status: 79, signal: null });
    expect(wrapper.stderr).not.toContain('killed');
  });
});

test('TERM lets CMD take its time, and keeps the lock until it has ended', async ({
  stage,
  expect,
}) => {
  const drain =
    'trap "echo draining; read -r _; exit 5" TERM; echo ready; while :; do read -r _; done';
  const wrapper = stage.run(['sh', '-c', drain], { flags: slow });
  await wrapper.line(/^ready$/);
  wrapper.signal('SIGTERM');
  await wrapper.line(/^draining$/);
  const standby = stage.run(['true'], { flags: slow });
  await standby.line(/standing by/);
  const { renewTimeUs, acquireTimeUs } = stage.lockFile.record!;
  await until(() => stage.lockFile.record!.renewTimeUs! > renewTimeUs! + leaseMs * 1_000);
  expect(stage.lockFile.record!.acquireTimeUs).toBe(acquireTimeUs);
  wrapper.stdin.write('\n');
  expect(await wrapper.exit).toEqual({ status: 5, signal: null });
  expect(await standby.exit).toEqual({ status: 0, signal: null });
});

test('left-overs that end by themselves are given time, not killed', async ({ stage, expect }) => {
  const leftOver = `trap 'echo tidied; exit 0' TERM; echo ready; while :; do sleep 0.01; done`;
  const wrapper = stage.run(['sh', '-c', `sh -c "$1" & read -r _; exit 4`, 'sh', leftOver]);
  await wrapper.line(/^ready$/);
  wrapper.stdin.write('\n');
  expect(await wrapper.exit).toEqual({ status: 4, signal: null });
  await wrapper.line(/^tidied$/);
  expect(wrapper.stderr).not.toContain('killed');
});

test('a zombie, and who never waits for it, keep nobody waiting', async ({ stage, expect }) => {
  // The zombie's parent has left the group and dropped its environment; sh itself would wait.
  const zombie = 'sleep 1 & echo parent $$; exec setsid env -i sleep 1000';
  const wrapper = stage.run(['sh', '-c', `sh -c "$1" & read -r _; exit 4`, 'sh', zombie]);
  const parent = Number(await wrapper.line(/^parent (\d+)$/));
  await until(() => childrenOf(parent).some((child) => stateOf(child) === 'Z'));
  await until(() => leadsSession(parent));
  wrapper.stdin.write('\n');
  expect(await wrapper.exit).toEqual({ status: 4, signal: null });
  await wrapper.line(/left behind: process \d+$/);
  expect(isAlive(parent)).toBe(false);
});
