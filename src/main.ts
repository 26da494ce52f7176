/** From argv to an exit status: the only place that knows every command. Everything it needs of the world is handed in. */
import { logFormatIn, parse } from './cli/parse.ts';
import { spokenTo } from './cli/spoken.ts';
import { systemClock } from './clock.ts';
import { ExpectedError } from './errors.ts';
import { exitCode, type Exit } from './exit-code.ts';
import { faultLine } from './observe/describe.ts';
import { faultLineAs } from './observe/log.ts';
import { openStderr } from './observe/stderr.ts';
import { haveThreadsWork } from './platform/self.ts';
import { print } from './print.ts';
import { runCommand } from './run/wiring.ts';
import { versionAndBuild } from './version.ts';
import type { Surroundings, World } from './world.ts';

export interface Ending extends Exit {
  /**
   * A thread hangs that nobody waits for, and an orderly exit would: the name server does not answer, a file system
   * hangs, a pipe in place of a kubeconfig has no writer, stderr no reader.
   */
  readonly stuck: boolean;
}

/** Never throws: whatever goes wrong is told on stderr and in the exit status. */
export async function main(world: World): Promise<Ending> {
  const stderr = openStderr();
  const sink = world.stderr ?? stderr.put;
  const exit = await mainTo({
    ...world,
    stderr: sink,
    showLine: stderr.show,
    droppedLines: stderr.dropped,
  });
  await stderr.drained();
  return { ...exit, stuck: await haveThreadsWork() };
}

async function mainTo(world: Surroundings): Promise<Exit> {
  const { argv, env, stderr } = world;
  const say = (fault: string) => {
    stderr(faultLineAs(logFormatIn(argv, env), fault, systemClock.wall()));
  };
  try {
    if (world.calledAs === 'kubectl_complete-leader') {
      const { completeForKubectl } = await import('./commands/index.ts');
      return await completeForKubectl(argv, world.stdout);
    }
    const invocation = parse(argv, env, { version: versionAndBuild });
    if (invocation.kind === 'run') return await runCommand(invocation.options, world);
    if (invocation.kind === 'subcommand') {
      const { subcommand } = await import('./commands/index.ts');
      return await subcommand(invocation, world);
    }
    const text = spokenTo(world.calledAs, invocation.text);
    if (!invocation.isUnasked) return print(world.stdout, text);
    stderr(text.trimEnd());
    return { status: exitCode.usage };
  } catch (thrown) {
    if (thrown instanceof ExpectedError) {
      say(spokenTo(world.calledAs, faultLine(thrown)));
      return { status: thrown.exitCode };
    }
    const stack = thrown instanceof Error ? thrown.stack : String(thrown);
    stderr(`k8s-leader: error: this is a defect, please report it: ${stack ?? 'no stack'}`);
    return { status: exitCode.defect };
  }
}
