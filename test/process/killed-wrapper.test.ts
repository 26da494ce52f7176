/** A wrapper that is killed without a word takes CMD along, and nobody else. `ROUNDS=200` tries more moments. */
import { isProgram } from '../support/program-under-test.ts';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
    'killed at any moment, all of CMD dies, and nobody else does',
    { timeout: 120_000 + rounds * 5_000 },
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
      expect(times).toHaveLength(rounds);
      expect(innocent.filter((pid) => !isAlive(pid))).toEqual([]);
      if (process.env['FIGURES'])
        process.stderr.write(
          `${place}: ${times
            .sort((a, b) => a - b)
            .map(Math.round)
            .join(' ')}\n`,
        );
    },
  );
});

/** Starts a wrapper in a PID namespace of its own that outlives it, and beside it somebody who waits for CMD's id. */
function startInNamespace(stage: Stage, command: readonly string[]): Program {
  const script = '"$1" "$2" & shift 2; "$@"; echo "ended with $?"; exec sleep 2000';
  const init = ['sh', '-c', script, 'sh', fixture('take-pid.sh'), stage.folder];
  const unshare = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
  return stage.start([...unshare, ...init, ...stage.commandLine(command)]);
}

describe('a stranger that gets the process id of CMD', () => {
  const stranger = 'sleep 4321';
  const daemon = 'sleep 1000';

  function commandsOf(namespace: Program): string[] {
    return descendantsOf(namespace.pid).map((pid) => argvOf(pid).join(' '));
  }

  async function started(stage: Stage): Promise<Program> {
    const namespace = startInNamespace(stage, [fixture('leave-pid.sh'), stage.folder]);
    await namespace.line(/^ready$/);
    return namespace;
  }

  /** Returns when the stranger is there, under its own name. */
  async function endCommand(stage: Stage, namespace: Program): Promise<void> {
    writeFileSync(join(stage.folder, 'end'), '');
    await namespace.line(/^reused$/);
    await until(() => commandsOf(namespace).includes(stranger));
  }

  test('survives that we kill what CMD left behind', async ({ stage, expect }) => {
    const namespace = await started(stage);
    await endCommand(stage, namespace);
    await namespace.line(/^ended with 0$/);
    expect(commandsOf(namespace)).toContain(stranger);
    expect(commandsOf(namespace)).not.toContain(daemon);
  });

  test('survives that we are killed', async ({ stage, expect }) => {
    const namespace = await started(stage);
    const isWrapper = (pid: number) => isProgram(argvOf(pid));
    const wrapper = descendantsOf(namespace.pid).find(isWrapper)!;
    // Stopped, so that it leaves the daemon alone for now.
    process.kill(wrapper, 'SIGSTOP');
    await endCommand(stage, namespace);
    process.kill(wrapper, 'SIGKILL');
    await namespace.line(/^ended with 137$/);
    await until(() => !commandsOf(namespace).includes(daemon));
    expect(commandsOf(namespace)).toContain(stranger);
  });
});
