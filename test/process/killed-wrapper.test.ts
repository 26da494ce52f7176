/** A wrapper that is killed without a word takes CMD along, and nobody else. `ROUNDS=200` tries more moments. */
import { isProgram } from '../support/program-under-test.ts';
import { randomUUID } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { describe } from 'vitest';
import { argvOf, childrenOf, descendantsOf, isAlive, until } from './support/proc.ts';
import type { Program } from './support/program.ts';
import { fixture, test, type Place, type Stage, type Wrapper } from './support/stage.ts';

const rounds = Number(process.env['ROUNDS'] ?? 40);
/** CMD, a grandchild and a daemon, all deaf to TERM. */
const family = [fixture('family.sh')];

/** Starts a wrapper with a lock of its own. */
function start(stage: Stage, place: Place): Wrapper {
  return stage.run(family, { place, lock: randomUUID() });
}

/** Kills the wrapper `ms` after its start and resolves with the milliseconds until all of it is dead. */
async function dying(wrapper: Wrapper, ms: number): Promise<number> {
  // On a terminal it is the child of script(1), which sees to its own end.
  const isOnTerminal = wrapper.place === 'terminal';
  if (isOnTerminal) await until(() => childrenOf(wrapper.pid).length > 0);
  await after(ms);
  process.kill(isOnTerminal ? childrenOf(wrapper.pid)[0]! : wrapper.pid, 'SIGKILL');
  const killedAtMs = performance.now();
  await until(() => wrapper.family().every((pid) => pid === wrapper.pid));
  return performance.now() - killedAtMs;
}

describe.each<Place>(['own group', 'terminal'])('%s:', (place) => {
  test(
    'killed at any moment, all of CMD is dead 100 ms later, and nobody else is',
    { timeout: 30_000 + rounds * 1_000 },
    async ({ stage, expect }) => {
      const startedAtMs = performance.now();
      const another = start(stage, place);
      await another.line(/^ready$/);
      const untilReadyMs = performance.now() - startedAtMs;
      const innocent = [...another.family(), stage.start(['sleep', '1000']).pid];

      const times: number[] = [];
      const round = async () => {
        times.push(await dying(start(stage, place), Math.random() * untilReadyMs * 1.5));
      };
      for (let done = 0; done < rounds; done += 2) await Promise.all([round(), round()]);
      times.sort((a, b) => a - b);
      // Where others want the processor too, one in ten may be late.
      expect(times.slice(0, Math.ceil(0.9 * rounds)).filter((ms) => ms >= 100)).toEqual([]);
      expect(times.filter((ms) => ms >= 1_000)).toEqual([]);
      expect(innocent.filter((pid) => !isAlive(pid))).toEqual([]);
      if (process.env['FIGURES'])
        process.stderr.write(`${place}: ${times.map(Math.round).join(' ')}\n`);
    },
  );
});

/** Starts a wrapper in a PID namespace of its own that outlives it. */
function startInNamespace(stage: Stage, command: readonly string[]): Program {
  const init = ['sh', '-c', '"$@"; echo "ended with $?"; exec sleep 2000', 'sh'];
  const unshare = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
  return stage.start([...unshare, ...init, ...stage.commandLine(command)]);
}

describe('a stranger that gets the process id of CMD', () => {
  const stranger = 'sleep 4321';
  const daemon = 'sleep 1000';

  /** Resolves when CMD has ended and the stranger runs. */
  async function reused(stage: Stage): Promise<Program> {
    const namespace = startInNamespace(stage, [fixture('reuse-pid.sh')]);
    await namespace.line(/^reused$/);
    await until(() => [stranger, daemon].every((each) => commandsOf(namespace).includes(each)));
    return namespace;
  }

  function commandsOf(namespace: Program): string[] {
    return descendantsOf(namespace.pid).map((pid) => argvOf(pid).join(' '));
  }

  test('survives that we kill what CMD left behind', async ({ stage, expect }) => {
    const namespace = await reused(stage);
    await namespace.line(/^ended with 0$/);
    expect(commandsOf(namespace)).toContain(stranger);
  });

  test('survives that we are killed', async ({ stage, expect }) => {
    const namespace = await reused(stage);
    const isWrapper = (pid: number) => isProgram(argvOf(pid));
    process.kill(descendantsOf(namespace.pid).find(isWrapper)!, 'SIGKILL');
    await namespace.line(/^ended with 137$/);
    await until(() => !commandsOf(namespace).includes(daemon));
    expect(commandsOf(namespace)).toContain(stranger);
  });
});
