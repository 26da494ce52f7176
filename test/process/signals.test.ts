/** What others send to the wrapper while CMD runs, and while it does not yet. */
import { constants } from 'node:os';
import { describe } from 'vitest';
import { forwardedSignals } from '../../src/child/signals.ts';
import { signalPrinter, test, type Place, type Stage, type Wrapper } from './support/stage.ts';

const short = (signal: string) => signal.slice(3);

/** Sends each as soon as CMD has got the one before: the kernel merges what comes while the same is pending. */
async function send(wrapper: Wrapper, signals: readonly NodeJS.Signals[]): Promise<void> {
  await wrapper.line(/^ready/);
  for (const [index, signal] of signals.entries()) {
    wrapper.signal(signal);
    await wrapper.line(/^[A-Z]+[12]?$/, index + 1);
  }
}

function received(wrapper: Wrapper): string[] {
  return wrapper.stdout.split(/\r?\n/).slice(1, -1);
}

/** On a terminal the kernel gives INT, QUIT and HUP to CMD itself: see terminal.test.ts. */
const sentTo: Record<Exclude<Place, 'as PID 1'>, readonly NodeJS.Signals[]> = {
  'own group': forwardedSignals,
  'under an init': forwardedSignals,
  terminal: ['SIGTERM', 'SIGUSR1', 'SIGUSR2'],
};

describe.each(Object.entries(sentTo) as [Place, NodeJS.Signals[]][])('%s:', (place, signals) => {
  test.concurrent('each signal reaches CMD once, in order', async ({ stage, expect }) => {
    const cmd = signalPrinter(signals.length);
    const wrapper = stage.run(cmd, { place, flags: ['-q'] });
    await send(wrapper, signals);
    expect(await wrapper.exit).toEqual({ status: 0, signal: null });
    await wrapper.closed;
    expect(received(wrapper)).toEqual(signals.map(short));
  });

  test.concurrent.for(signals)('ten times %s are ten', async (signal, { stage, expect }) => {
    // One more than is sent: had one been doubled, CMD would end.
    const wrapper = stage.run(signalPrinter(11), { place, flags: ['-q'] });
    const ten = Array.from({ length: 10 }, () => signal);
    await send(wrapper, ten);
    wrapper.signal('SIGUSR2');
    expect(await wrapper.exit).toEqual({ status: 0, signal: null });
    await wrapper.closed;
    expect(received(wrapper)).toEqual([...ten, 'SIGUSR2' as const].map(short));
  });
});

test('a signal reaches all of the group of CMD', async ({ stage, expect }) => {
  // What the shell leaves behind gets TERM as well, at times before it has told of the first.
  const wrapper = stage.run(['sh', '-c', '"$@" & wait $!', 'sh', ...signalPrinter(2)]);
  await wrapper.line(/^ready/);
  wrapper.signal('SIGHUP');
  await wrapper.line(/^HUP$/);
  expect(await wrapper.exit).toEqual({ status: 129, signal: null });
});

test('only TERM starts the stop clock', async ({ stage, expect }) => {
  const flags = ['--stop-timeout', '0.1'];
  const wrapper = stage.run(signalPrinter(99), { flags });
  await send(wrapper, ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']);
  expect(wrapper.stderr).not.toContain('stopping CMD');
  wrapper.signal('SIGTERM');
  await wrapper.line(/stopping CMD \(shutdown\), KILL in 100ms/);
  expect(await wrapper.exit).toEqual({ status: 137, signal: null });
});

/** A wrapper that stands by behind another one. */
async function standBy(stage: Stage, options: { place?: Place } = {}): Promise<Wrapper> {
  const holder = stage.run(['sleep', '1000']);
  await holder.line(/: leading/);
  const standby = stage.run(['echo', 'CMD was started'], options);
  await standby.line(/standing by/);
  return standby;
}

describe('standing by', () => {
  const ends = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;

  test.concurrent.for(ends)('ends with %s', async (signal, { stage, expect }) => {
    const standby = await standBy(stage);
    standby.signal(signal);
    const status = 128 + constants.signals[signal];
    expect(await standby.exit).toEqual(
      signal === 'SIGINT' ? { status: null, signal } : { status, signal: null },
    );
    expect(standby.stdout).toBe('');
  });

  test.concurrent.for(ends)('ends as PID 1 with %s too', async (signal, { stage, expect }) => {
    const standby = await standBy(stage, { place: 'as PID 1' });
    standby.signal(signal);
    const status = 128 + constants.signals[signal];
    expect(await standby.exit).toEqual({ status, signal: null });
  });

  test.concurrent.for(['SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const)(
    'is not disturbed by %s',
    async (signal, { stage, expect }) => {
      const standby = await standBy(stage);
      standby.signal(signal);
      standby.signal('SIGHUP');
      expect(await standby.exit).toEqual({ status: 129, signal: null });
    },
  );
});
