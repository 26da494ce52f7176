/**
 * Signals in the first milliseconds, while the program is still being loaded. Each test is one moment.
 * `ROUNDS=160` tries every millisecond.
 */
import { executable, isProgram, programWithoutInspector } from '../support/program-under-test.ts';
import { constants } from 'node:os';
import { setTimeout as after } from 'node:timers/promises';
import { beforeAll, describe } from 'vitest';
import { argvOf, childrenOf, isAlive, listeningPortsOf, signalsIn, until } from './support/proc.ts';
import {
  need,
  signalPrinter,
  test,
  type Place,
  type Stage,
  type Wrapper,
} from './support/stage.ts';

const rounds = Number(process.env['ROUNDS'] ?? 12);
const moments = Array.from({ length: rounds }, (_, round) =>
  Math.round(1 + (159 * round) / (rounds - 1)),
);
/** Ends with 0 after the first signal, which it prints. */
const oneSignal = signalPrinter(1);
const deaf = ['sh', '-c', 'trap "" USR1; echo ready; exec sleep 1000'];

beforeAll(() => {
  need('tini', 'unshare');
});

/** For PID 1 the kernel drops what Node does not catch yet; our host has it kept from its first instruction on. */
const places: readonly Place[] = [
  'own group',
  'under an init',
  ...(executable ? ['as PID 1' as const] : []),
];

/** Starts a wrapper and resolves when its process exists. */
async function startIn(stage: Stage, place: Place): Promise<Wrapper> {
  const wrapper = stage.run(oneSignal, { place, flags: ['-q'] });
  if (place === 'under an init')
    await until(() => {
      const [init = 0] = childrenOf(wrapper.pid);
      return argvOf(init)[0] === 'tini' && childrenOf(init).length > 0;
    });
  if (place === 'as PID 1') await until(() => childrenOf(wrapper.pid).some(isOurs));
  return wrapper;
}

/** After its first instructions: before those, it is the process that becomes ours. */
const isOurs = (pid: number) => isProgram(argvOf(pid));

describe.each(places)('%s:', (place) => {
  describe.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('after %s', (signal) => {
    test.concurrent.for(moments)(
      'at %i ms CMD has never run or has got it, and the lock is free',
      async (ms, { stage, expect }) => {
        const wrapper = await startIn(stage, place);
        await after(ms);
        wrapper.signal(signal);
        const exit = await wrapper.exit;
        await wrapper.closed;
        const died = 128 + constants.signals[signal];
        if (wrapper.stdout.includes(signal.slice(3))) expect(exit.status).toBe(0);
        else if (exit.signal === null) expect(exit.status).toBe(died);
        else expect(exit.signal).toBe(signal);
        expect(wrapper.family()).toEqual([]);
        expect(stage.lockFile.holder).toBe('');
      },
    );
  });
});

describe('USR1', () => {
  const sigusr1 = constants.signals.SIGUSR1;
  /** Node catches it, our host blocks it. */
  const isTaken = (pid: number) =>
    signalsIn(pid, 'SigCgt').has(sigusr1) || signalsIn(pid, 'SigBlk').has(sigusr1);

  test.concurrent.for(moments)(
    '%i ms after the runtime takes it does not end us, and opens no door for long',
    async (ms, { stage }) => {
      const wrapper = stage.run(deaf);
      await until(() => isTaken(wrapper.pid));
      await after(ms);
      wrapper.signal('SIGUSR1');
      // CMD gets it too, and dies of it before it is deaf.
      await Promise.race([wrapper.line(/^ready$/), wrapper.line(/CMD was killed by SIGUSR1/)]);
      await until(() => !isAlive(wrapper.pid) || listeningPortsOf(wrapper.pid).length === 0);
    },
  );

  test.concurrent.for(moments)(
    'at %i ms never opens an inspector under --disable-sigusr1',
    async (ms, { stage, expect }) => {
      const wrapper = stage.run(deaf, { flags: ['-q'], by: programWithoutInspector });
      await after(ms);
      wrapper.process.kill('SIGUSR1');
      await Promise.race([wrapper.line(/^ready$/), wrapper.exit]);
      expect(wrapper.stderr).toBe('');
    },
  );
});
