/** The composition root of every command but `run`: loaded when one of them is called, and then only that one. */
import { signalStatus } from './child/exit-status.ts';
import { endsTheWait, type SignalSource } from './child/signals.ts';
import type { SubcommandName } from './cli/subcommands.ts';
import type { Sink } from './observe/stderr.ts';
import type { Exit } from './run.ts';

/** What a command needs of the world. */
export interface SubcommandWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signals: SignalSource;
  readonly stdout: Sink;
  readonly stderr: Sink;
}

/** The status of whoever writes to a pipe that nobody reads any more. */
const brokenPipe: Exit = { status: 141 };

/** Ends with the first signal, at once, or as the command does. @throws {ExpectedError} */
export async function subcommand(
  { name, argv }: { readonly name: SubcommandName; readonly argv: readonly string[] },
  world: SubcommandWorld,
): Promise<Exit> {
  const ended = new AbortController();
  const signalled = new Promise<Exit>((resolve) => {
    world.signals.listen((signal) => {
      if (!endsTheWait(signal)) return;
      const status = signalStatus(signal);
      resolve(signal === 'SIGINT' ? { status, signal } : { status });
      ended.abort();
    });
  });
  try {
    return await Promise.race([
      signalled,
      commands[name]({ ...world, argv, signal: ended.signal }),
    ]);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EPIPE') return brokenPipe;
    throw thrown;
  }
}

interface Call extends SubcommandWorld {
  readonly argv: readonly string[];
  /** Aborts when a signal has ended the command. */
  readonly signal: AbortSignal;
}

const commands: Record<SubcommandName, (call: Call) => Promise<Exit>> = { rbac };

async function rbac({ argv, env, stdout }: Call): Promise<Exit> {
  const { rbacOptions } = await import('./cli/rbac-options.ts');
  const options = rbacOptions(argv, env);
  if ('text' in options) return print(stdout, options.text);
  const { rbac } = await import('./commands/rbac.ts');
  return print(stdout, await rbac(options));
}

function print(stdout: Sink, text: string): Exit {
  stdout(text);
  return { status: 0 };
}
