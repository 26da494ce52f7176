/** A CMD that is, or starts, another `k8s-leader run`. */
import { program } from '../support/program-under-test.ts';
import { describe } from 'vitest';
import { isAlive, until } from './support/proc.ts';
import {
  fixture,
  quick,
  signalPrinter,
  test,
  type RunOptions,
  type Stage,
  type Wrapper,
} from './support/stage.ts';
import { installWrapper, key, openTerminal } from './support/terminal.ts';

/** A wrapper whose CMD is a wrapper, for a lock of its own, with `command`. */
function nested(stage: Stage, command: readonly string[], options: RunOptions = {}): Wrapper {
  return stage.run(stage.commandLine(command, { lock: 'inner', flags: ['-q'] }), options);
}

test('inherits neither lock nor identity', async ({ stage, expect }) => {
  const env = { K8S_LEADER_IDENTITY: 'outer', K8S_LEADER_TRY: 'true' };
  const wrapper = nested(stage, ['sh', '-c', 'echo "$LEADER_LOCK $LEADER_IDENTITY"'], { env });
  expect(await wrapper.line(/^inner (.*)$/)).not.toBe('outer');
  expect(await wrapper.exit).toEqual({ status: 0, signal: null });
});

test('without a lock of its own is refused, even if ours came as a variable', async ({
  stage,
  expect,
}) => {
  const env = { K8S_LEADER_LOCK: 'job' };
  const wrapper = stage.run([...program, 'run', '--', 'true'], { env });
  await wrapper.line(/no lock given/);
  expect(await wrapper.exit).toEqual({ status: 64, signal: null });
});

test('gets each signal once, and passes it on once', async ({ stage, expect }) => {
  const wrapper = nested(stage, signalPrinter(3), { flags: ['-q'] });
  await wrapper.line(/^ready$/);
  for (const name of ['HUP', 'TERM', 'USR1'] as const) {
    wrapper.signal(`SIG${name}`);
    await wrapper.line(new RegExp(`^${name}$`));
  }
  expect(await wrapper.exit).toEqual({ status: 0, signal: null });
  await wrapper.closed;
  expect(wrapper.stdout).toBe('ready\nHUP\nTERM\nUSR1\n');
});

test('on a terminal its CMD gets Ctrl-C once', async ({ stage, expect }) => {
  const inner = stage.commandLine(signalPrinter(1), { lock: 'inner', flags: ['-q'] });
  installWrapper(stage, inner, { flags: ['-q'] });
  const { screen, type } = openTerminal(stage, 'exec ./leader');
  await screen.line(/^ready$/);
  type(key.ctrlC);
  expect(await screen.exit).toEqual({ status: 0, signal: null });
  expect(screen.lines.join()).toMatch(/^ready,(\^C)?INT$/);
});

describe('dies with all it has started', () => {
  const family = [fixture('family.sh')];

  test.concurrent('when we are killed', async ({ stage }) => {
    const wrapper = nested(stage, family);
    await wrapper.line(/^ready$/);
    // Who is in the middle of an exec has no environment to be known by.
    await until(() => wrapper.family().length >= 5);
    const everybody = wrapper.family();
    process.kill(wrapper.pid, 'SIGKILL');
    await until(() => !everybody.some(isAlive) && wrapper.family().length === 0);
  });

  test.concurrent('when it does not heed TERM', async ({ stage, expect }) => {
    const wrapper = nested(stage, family, { flags: ['--stop-timeout', '0.3'] });
    await wrapper.line(/^ready$/);
    wrapper.signal('SIGTERM');
    expect(await wrapper.exit).toEqual({ status: 137, signal: null });
    expect(wrapper.family()).toEqual([]);
    expect(stage.lockFile.holder).toBe('');
  });

  test.concurrent('when another leads in our place', async ({ stage, expect }) => {
    const wrapper = nested(stage, family, { flags: quick });
    await wrapper.line(/^ready$/);
    stage.lockFile.usurp('somebody');
    expect(await wrapper.exit).toEqual({ status: 79, signal: null });
    expect(wrapper.family()).toEqual([]);
  });
});
