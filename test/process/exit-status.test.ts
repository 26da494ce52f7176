import { constants } from 'node:os';
import { describe } from 'vitest';
import { fixture, test, type Place } from './support/stage.ts';

const codes = [0, 1, 2, 7, 32, 42, 64, 126, 127, 254, 255];
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGKILL', 'SIGSEGV'] as const;
const places: Place[] = ['own group', 'terminal', 'under an init'];

/** CMD that dies of a signal, and leaves no core behind. */
function dieOf(signal: NodeJS.Signals): string[] {
  return ['sh', '-c', `ulimit -c 0; kill -s ${signal.slice(3)} $$; exec sleep 10`];
}

describe.each(places)('%s:', (place) => {
  test.concurrent.for(codes)('exit code %i is passed on', async (code, { stage, expect }) => {
    const wrapper = stage.run(['sh', '-c', `exit ${String(code)}`], { place });
    expect(await wrapper.exit).toEqual({ status: code, signal: null });
    expect(stage.lockFile.holder).toBe('');
  });

  test.concurrent.for(signals)('a death by %s is told', async (signal, { stage, expect }) => {
    const wrapper = stage.run(dieOf(signal), { place });
    const status = 128 + constants.signals[signal];
    const diesOfItToo = signal === 'SIGINT' && place === 'own group';
    expect(await wrapper.exit).toEqual(
      diesOfItToo ? { status: null, signal } : { status, signal: null },
    );
    expect(stage.lockFile.holder).toBe('');
  });
});

/** Runs the wrapper as the child of a program that prints how it ended, since init and script tell a number. */
const reported = [process.execPath, fixture('report-exit.js')];

describe('when CMD dies of INT', () => {
  test.concurrent.for<Place>(['terminal', 'under an init'])(
    'so does the wrapper (%s), for the shell that called it',
    async (place, { stage, expect }) => {
      const wrapper = stage.run(dieOf('SIGINT'), { place, before: reported });
      expect(await wrapper.line(/^\{.*\}$/)).toBe('{"status":null,"signal":"SIGINT"}');
    },
  );

  test('the wrapper exits with 130 as PID 1, where no signal kills', async ({ stage, expect }) => {
    const wrapper = stage.run(dieOf('SIGINT'), { place: 'as PID 1' });
    expect(await wrapper.exit).toEqual({ status: 130, signal: null });
  });
});
