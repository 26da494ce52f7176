/** The composition root of every command but `run`: loaded when one of them is called, and then only that one. */
import { hostname } from 'node:os';
import { isatty } from 'node:tty';
import { signalStatus } from './child/exit-status.ts';
import type { FindKeeper } from './child/keeper-problem.ts';
import { endsTheWait, type SignalSource } from './child/signals.ts';
import { spokenTo } from './cli/spoken.ts';
import type { SubcommandName } from './cli/subcommands.ts';
import { systemClock } from './clock.ts';
import { UsageError } from './errors.ts';
import type { Sink } from './observe/stderr.ts';
import type { Exit } from './run.ts';
import { brokenPipe, isBrokenPipe, print } from './print.ts';
import { version } from './version.ts';

/** What a command needs of the world. */
export interface SubcommandWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signals: SignalSource;
  /** The name that we were started by. */
  readonly calledAs?: string | undefined;
  /** Our one file, if we are one. */
  readonly executable?: string | undefined;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly findKeeper: FindKeeper;
}

const userAgent = `k8s-leader/${version}`;

/** Ends with the first signal, at once, or as the command does. @throws {ExpectedError} */
export async function subcommand(
  { name, argv }: { readonly name: SubcommandName; readonly argv: readonly string[] },
  world: SubcommandWorld,
): Promise<Exit> {
  const help = (text: string) => print(world.stdout, spokenTo(world.calledAs, text));
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
      commands[name]({ ...world, argv, help, signal: ended.signal }),
    ]);
  } catch (thrown) {
    if (isBrokenPipe(thrown)) return brokenPipe;
    throw thrown;
  }
}

interface Call extends SubcommandWorld {
  readonly argv: readonly string[];
  /** Prints the help of the command. */
  readonly help: (text: string) => Exit;
  /** Aborts when a signal has ended the command. */
  readonly signal: AbortSignal;
}

const commands: Record<SubcommandName, (call: Call) => Promise<Exit>> = {
  status,
  'step-down': stepDown,
  rbac,
  doctor,
  completion,
  install,
};

async function status({ argv, help, env, stdout, stderr, signal }: Call): Promise<Exit> {
  const { statusOptions } = await import('./cli/status-options.ts');
  const options = statusOptions(argv, env);
  if ('text' in options) return help(options.text);
  const [{ openLock }, { onlyExisting }, { status, watchStatus }] = await Promise.all([
    import('./locks/index.ts'),
    import('./locks/existing.ts'),
    import('./commands/status.ts'),
  ]);
  const opened = await openLock({ ...options, env, userAgent }, signal);
  const { namespace } = opened;
  const lockKind = options.backend === 'local' ? 'local' : options.lockKind;
  const found = await onlyExisting(opened.lock, { ...options, env });
  const world = { found, clock: systemClock, signal, stdout, stderr, isTerminal: isatty(1) };
  try {
    await (options.watch ? watchStatus : status)({ ...options, namespace, lockKind }, world);
  } finally {
    opened.close();
  }
  return { status: 0 };
}

async function stepDown({ argv, help, env, stdout, stderr, signal }: Call): Promise<Exit> {
  const { stepDownOptions } = await import('./cli/step-down-options.ts');
  const options = stepDownOptions(argv, env);
  if ('text' in options) return help(options.text);
  const isAsked = options.force && !options.yes;
  if (isAsked && !(isatty(0) && isatty(2)))
    throw new UsageError('--force asks first, and there is no terminal to ask on', 'add --yes');
  const [{ openLock }, { onlyExisting }, { stepDown }, { force }, { confirm }] = await Promise.all([
    import('./locks/index.ts'),
    import('./locks/existing.ts'),
    import('./commands/step-down.ts'),
    import('./commands/force.ts'),
    import('./confirm.ts'),
  ]);
  const opened = await openLock({ ...options, env, userAgent }, signal);
  const found = await onlyExisting(opened.lock, { ...options, env });
  const world = { found, clock: systemClock, signal, stdout, stderr };
  const ask = isAsked ? (question: string) => confirm(question, stderr) : undefined;
  try {
    if (options.force) await force(options, { ...world, confirm: ask });
    else await stepDown(options, world);
  } finally {
    opened.close();
  }
  return { status: 0 };
}

async function rbac({ argv, help, env, stdout }: Call): Promise<Exit> {
  const { rbacOptions } = await import('./cli/rbac-options.ts');
  const options = rbacOptions(argv, env);
  if ('text' in options) return help(options.text);
  const { rbac } = await import('./commands/rbac.ts');
  return print(stdout, await rbac(options));
}

async function doctor(call: Call): Promise<Exit> {
  const { argv, help, env, stdout, signal, findKeeper } = call;
  const { doctorOptions } = await import('./cli/doctor-options.ts');
  const options = doctorOptions(argv, env);
  if ('text' in options) return help(options.text);
  const { doctor } = await import('./commands/doctor.ts');
  const identity = options.identity ?? `${env['POD_NAME'] || hostname()}_…`;
  const podNames = env['POD_NAME'] ? [env['POD_NAME']] : undefined;
  const plan = { ...options, identity, env, userAgent, podNames };
  const ports = { clock: systemClock, signal, stdout, pid: process.pid, findKeeper };
  return { status: await doctor(plan, ports) };
}

async function completion({ argv, help, stdout }: Call): Promise<Exit> {
  const { completionOptions } = await import('./cli/completion-options.ts');
  const options = completionOptions(argv);
  if ('text' in options) return help(options.text);
  const { outline } = await import('./cli/outline.ts');
  const { completionFor } = await import('./commands/completion.ts');
  return print(stdout, completionFor(options.shell, outline()));
}

/** What kubectl runs while somebody types. */
export async function completeForKubectl(words: readonly string[], stdout: Sink): Promise<Exit> {
  const { outline } = await import('./cli/outline.ts');
  const { kubectlCompletion } = await import('./commands/kubectl-completion.ts');
  return print(stdout, kubectlCompletion(outline(), words));
}

async function install({ argv, help, stdout, executable }: Call): Promise<Exit> {
  const { installOptions } = await import('./cli/install-options.ts');
  const options = installOptions(argv);
  if ('text' in options) return help(options.text);
  const { install } = await import('./commands/install.ts');
  return print(stdout, `${await install(options.folder, executable)}\n`);
}
