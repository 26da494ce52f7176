/** Every command but `run`: loaded when one of them is called, and then only that one. */
import { exitBy } from '../child/exit-status.ts';
import { endsTheWait } from '../child/signals.ts';
import { spokenTo } from '../cli/spoken.ts';
import type { SubcommandName } from '../cli/subcommands.ts';
import type { Exit } from '../exit-code.ts';
import type { Sink } from '../observe/stderr.ts';
import { brokenPipe, isBrokenPipe, print } from '../print.ts';
import type { Surroundings } from '../world.ts';
import type { Run } from './call.ts';

const files: Record<SubcommandName, () => Promise<{ readonly run: Run }>> = {
  status: () => import('./status.ts'),
  list: () => import('./list.ts'),
  'step-down': () => import('./step-down.ts'),
  rbac: () => import('./rbac.ts'),
  fence: () => import('./fence.ts'),
  doctor: () => import('./doctor/doctor.ts'),
  completion: () => import('./completion/completion.ts'),
  install: () => import('./install.ts'),
};

/** Ends with the first signal, at once, or as the command does. @throws {ExpectedError} */
export async function subcommand(
  { name, argv }: { readonly name: SubcommandName; readonly argv: readonly string[] },
  world: Omit<Surroundings, 'inherited'>,
): Promise<Exit> {
  const help = (text: string) => print(world.stdout, spokenTo(world.calledAs, text));
  const ended = new AbortController();
  const signalled = new Promise<Exit>((resolve) => {
    world.signals.listen((signal) => {
      if (!endsTheWait(signal)) return;
      resolve(exitBy(signal));
      ended.abort();
    });
  });
  const answer = async () => {
    const { run } = await files[name]();
    return run({ ...world, argv, help, signal: ended.signal, outline });
  };
  try {
    return await Promise.race([signalled, answer()]);
  } catch (thrown) {
    if (isBrokenPipe(thrown)) return brokenPipe;
    throw thrown;
  }
}

/** What kubectl runs while somebody types. */
export async function completeForKubectl(words: readonly string[], stdout: Sink): Promise<Exit> {
  const { kubectlCompletion } = await import('./completion/kubectl.ts');
  return print(stdout, kubectlCompletion(await outline(), words));
}

async function outline() {
  return (await import('./program.ts')).outline();
}
