/** Every command but `run`: loaded when one of them is called, and then only that one. */
import { exitBy } from '../child/exit-status.ts';
import { endsTheWait } from '../child/signals.ts';
import type { Spelling } from '../cli/command-line.ts';
import { spokenTo } from '../cli/spoken.ts';
import type { SubcommandName } from '../cli/subcommands.ts';
import type { Exit } from '../exit-code.ts';
import type { Sink } from '../observe/stderr.ts';
import { brokenPipe, isBrokenPipe, print } from '../print.ts';
import type { Surroundings } from '../world.ts';
import type { Run } from './call.ts';
import type { CommandOutline } from './completion/outline.ts';

interface CommandFile {
  readonly spelling: Spelling<string>;
  readonly run: Run;
}

const files: Record<SubcommandName, () => Promise<CommandFile>> = {
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

/** All commands as data, for completions. */
export async function outline(): Promise<CommandOutline[]> {
  const program = await import('./program.ts');
  return program.outline(await spellings());
}

/** How every command but `run` is spelt. */
export async function spellings(): Promise<Spelling<string>[]> {
  const commands = await Promise.all(Object.values(files).map((load) => load()));
  return commands.map(({ spelling }) => spelling);
}
