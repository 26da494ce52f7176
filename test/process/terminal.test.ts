/** On a terminal, as for the person at the keyboard: with us in front, CMD behaves as it does alone. */
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe } from 'vitest';
import { isAlive, stateOf, until } from './support/proc.ts';
import { fixture, quick, signalPrinter, test, type Stage } from './support/stage.ts';
import {
  installWrapper,
  interactive,
  key,
  openTerminal,
  type Terminal,
} from './support/terminal.ts';

const deaf = ['sh', '-c', 'trap "" TERM INT HUP; echo ready; exec sleep 1000'];

/** Runs the wrapper with `command` directly on the terminal. */
function openOn(stage: Stage, command: readonly string[], flags: readonly string[] = []): Terminal {
  installWrapper(stage, command, { flags });
  return openTerminal(stage, 'exec ./leader');
}

describe('reaches CMD exactly once:', () => {
  test.concurrent.for([
    ['Ctrl-C', key.ctrlC, 'INT'],
    ['Ctrl-\\', key.ctrlBackslash, 'QUIT'],
  ])('%s', async ([, typed = '', name], { stage, expect }) => {
    const { screen, type, wrappers } = openOn(stage, signalPrinter(2), ['-q']);
    await screen.line(/^ready$/);
    type(typed);
    await screen.line(/[A-Z]{3,}$/);
    process.kill(wrappers()[0]!, 'SIGUSR2');
    expect(await screen.exit).toEqual({ status: 0, signal: null });
    expect(screen.lines.map((line) => line.replace(/^\^./, ''))).toEqual(['ready', name, 'USR2']);
  });

  test('a new size of the window', async ({ stage, expect }) => {
    const { screen, wrappers } = openOn(stage, signalPrinter(2), ['-q']);
    await screen.line(/^ready$/);
    const wrapper = wrappers()[0]!;
    const tty = readlinkSync(`/proc/${String(wrapper)}/fd/0`);
    execFileSync('stty', ['-F', tty, 'rows', '41']);
    await screen.line(/^WINCH$/);
    process.kill(wrapper, 'SIGUSR2');
    expect(await screen.exit).toEqual({ status: 0, signal: null });
    expect(screen.lines).toEqual(['ready', 'WINCH', 'USR2']);
  });

  test('what is typed', async ({ stage, expect }) => {
    const cmd = ['sh', '-c', 'echo ready; read -r line; echo "got $line"'];
    const { screen, type } = openOn(stage, cmd);
    await screen.line(/^ready$/);
    type('hello\n');
    await screen.line(/^got hello$/);
    expect(await screen.exit).toEqual({ status: 0, signal: null });
  });
});

describe('Ctrl-C stops a loop around us', () => {
  const napping = ['sh', '-c', 'echo ready; exec sleep 60'];

  test.concurrent('in an interactive bash', async ({ stage, expect }) => {
    installWrapper(stage, napping);
    const { screen, type } = openTerminal(stage, interactive);
    type('while :; do ./leader; done; echo loop is over\n');
    await screen.line(/^ready$/);
    type(key.ctrlC);
    type('echo still here: $((40 + 2))\n');
    await screen.line(/^still here: 42$/);
    expect(screen.lines.filter((line) => line === 'ready')).toHaveLength(1);
    expect(screen.lines).not.toContain('loop is over');
  });

  test.concurrent.for(['sh', 'bash'])('in a script for %s', async (shell, { stage, expect }) => {
    installWrapper(stage, napping);
    const loop = 'while :; do ./leader; done; echo loop is over';
    const { screen, type } = openTerminal(stage, `exec ${shell} -c '${loop}'`);
    await screen.line(/^ready$/);
    type(key.ctrlC);
    expect(await screen.exit).toEqual({ status: 130, signal: null });
    expect(screen.lines.filter((line) => line === 'ready')).toHaveLength(1);
    expect(screen.lines).not.toContain('loop is over');
  });

  test.concurrent('in a pipeline', async ({ stage, expect }) => {
    installWrapper(stage, napping);
    const loop = 'while :; do ./leader | tee copy; done; echo loop is over';
    const { screen, type } = openTerminal(stage, `exec bash -c '${loop}'`);
    await screen.line(/^ready$/);
    type(key.ctrlC);
    expect(await screen.exit).toEqual({ status: 130, signal: null });
    expect(screen.lines).not.toContain('loop is over');
  });
});

describe('a signal', () => {
  test.concurrent('to the whole job reaches CMD once (kill %1)', async ({ stage }) => {
    installWrapper(stage, signalPrinter(4), { flags: ['-q'] });
    const { screen, type } = openTerminal(stage, interactive);
    type('./leader &\n');
    await screen.line(/^ready$/);
    for (const name of ['HUP', 'USR1', 'TERM', 'INT']) {
      type(`kill -${name} %1\n`);
      await screen.line(new RegExp(`^${name}$`));
    }
    type('wait %1; echo status $?\n');
    // One that came twice would have ended it before the last.
    await screen.line(/^status 0$/);
  });

  test.concurrent('to the wrapper alone reaches CMD as well', async ({ stage, expect }) => {
    const { screen, wrappers } = openOn(stage, signalPrinter(3), ['-q']);
    await screen.line(/^ready$/);
    for (const name of ['INT', 'HUP', 'TERM'] as const) {
      process.kill(wrappers()[0]!, `SIG${name}`);
      await screen.line(new RegExp(`^${name}$`));
    }
    expect(await screen.exit).toEqual({ status: 0, signal: null });
  });
});

describe('Ctrl-Z', () => {
  test.concurrent('stops CMD and us; fg goes on with both', async ({ stage, expect }) => {
    installWrapper(stage, signalPrinter(2));
    const { screen, type, wrappers, offspring } = openTerminal(stage, interactive);
    type('./leader\n');
    await screen.line(/^ready$/);
    type(key.ctrlZ);
    await screen.line(/Stopped/);
    expect([...wrappers(), ...offspring()].map(stateOf)).toEqual(['T', 'T']);
    type('fg\n');
    await screen.line(/^CONT$/);
    type(key.ctrlC);
    await screen.line(/INT$/);
    type('echo status $?\n');
    await screen.line(/^status 0$/);
    expect(stage.lockFile.holder).toBe('');
  });

  test.concurrent('and bg lets CMD go on in the background', async ({ stage, expect }) => {
    installWrapper(stage, ['sh', '-c', 'echo ready; sleep 0.2; echo worked; exit 6']);
    const { screen, type } = openTerminal(stage, interactive);
    type('./leader\n');
    await screen.line(/^ready$/);
    type(key.ctrlZ);
    await screen.line(/Stopped/);
    type('bg\n');
    await screen.line(/^worked$/);
    type('wait %1; echo status $?\n');
    await screen.line(/^status 6$/);
    expect(stage.lockFile.holder).toBe('');
  });

  test.concurrent('for longer than the lease costs CMD its life', async ({ stage }) => {
    installWrapper(stage, deaf, { flags: quick });
    const { screen, type, offspring } = openTerminal(stage, interactive);
    type('sleep 1000 & ./leader\n');
    await screen.line(/^ready$/);
    type(key.ctrlZ);
    await screen.line(/Stopped/);
    await until(() => offspring().length === 0);
    type('fg\n');
    await screen.line(/leadership lost/);
    type('echo status $?; jobs\n');
    await screen.line(/^status 79$/);
    await screen.line(/Running +sleep 1000/);
  });
});

describe('the script that called us, and its other children, survive that', () => {
  /** Another child, then us in front, then how we ended; and stays. */
  const caller = 'sleep 1000 & echo "other $!"; ./leader; echo "status $?"; read -r _';

  /** Resolves with the other child's process id. */
  async function call(stage: Stage, terminal: Terminal): Promise<number> {
    await terminal.screen.line(/^ready$/);
    return Number(await terminal.screen.line(/^other (\d+)$/));
  }

  test.concurrent.for<[string, number, (stage: Stage, terminal: Terminal) => void]>([
    [
      'CMD is killed on a loss',
      79,
      (stage) => {
        stage.lockFile.usurp('somebody');
      },
    ],
    [
      'CMD is killed after TERM',
      137,
      (_, { wrappers }) => {
        process.kill(wrappers()[0]!, 'SIGTERM');
      },
    ],
    [
      'we are killed',
      137,
      (_, { wrappers }) => {
        process.kill(wrappers()[0]!, 'SIGKILL');
      },
    ],
  ])('%s', async ([, status, strike], { stage, expect }) => {
    installWrapper(stage, [fixture('family.sh')], { flags: [...quick, '--stop-timeout', '0.1'] });
    const terminal = openTerminal(stage, `exec sh -c '${caller}'`);
    const other = await call(stage, terminal);
    strike(stage, terminal);
    await until(() => terminal.offspring().length === 0);
    await terminal.screen.line(new RegExp(`^status ${String(status)}$`));
    expect(isAlive(other)).toBe(true);
  });
});

test('a terminal that is hung up ends CMD, and we hand back the lock', async ({
  stage,
  expect,
}) => {
  installWrapper(stage, ['sh', '-c', 'echo ready; exec sleep 1000']);
  const { screen, wrappers, offspring } = openTerminal(stage, interactive);
  screen.stdin.write('./leader\n');
  await screen.line(/^ready$/);
  const [wrapper = 0] = wrappers();
  screen.signal('SIGKILL');
  await until(() => offspring().length === 0 && !isAlive(wrapper));
  expect(stage.lockFile.holder).toBe('');
});

describe('while another leads', () => {
  const counts = /leads, \d+s left unless it renews/;

  test.concurrent('one line counts, and is gone when we lead', async ({ stage, expect }) => {
    const holder = stage.run(['sh', '-c', 'echo ready; read -r _']);
    await holder.line(/^ready$/);
    installWrapper(stage, ['echo', 'mine']);
    const { screen } = openTerminal(stage, 'TERM=xterm exec ./leader');
    await until(() => counts.test(screen.stdout));
    holder.stdin.end('\n');
    await screen.line(/^mine$/);
    expect(await screen.exit).toEqual({ status: 0, signal: null });
    const [, after] = screen.stdout.split(/.*unless it renews/s);
    expect(after?.startsWith('\r\u001b[K')).toBe(true);
  });

  test.concurrent.for([
    ['in the background', 'TERM=xterm; export TERM; ./leader & read -r _', []],
    ['on a dumb terminal', 'exec ./leader', []],
    ['when only trouble is wanted', 'TERM=xterm exec ./leader', ['--log-level=warn']],
  ] as const)('none counts %s', async ([, shell, flags], { stage, expect }) => {
    const holder = stage.run(['sh', '-c', 'echo ready; read -r _']);
    await holder.line(/^ready$/);
    installWrapper(stage, ['echo', 'mine'], { flags });
    const { screen, wrappers } = openTerminal(stage, `exec bash -m -c '${shell}'`);
    await until(() => wrappers().length > 0);
    // Long enough to count, were it to.
    await delay(3_000);
    holder.stdin.end('\n');
    await screen.line(/^mine$/);
    expect(screen.stdout).not.toMatch(counts);
  });
});
