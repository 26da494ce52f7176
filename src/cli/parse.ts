/** The command line: argv and environment in, what to do out. Nothing is read, written or exited here. */
import { CommanderError, type Command } from 'commander';
import { UsageError } from '../errors.ts';
import { typed } from '../text.ts';
import { flags, flagGroups, type Flag } from './flags.ts';
import { addHelpFlag, epilogue } from './help.ts';
import { newProgram, usageError } from './program.ts';
import { runOptions, type RunOptions } from './run-options.ts';
import {
  withEnvironment,
  type Environment,
  settingFrom,
  type Setting,
  type Settings,
} from './settings.ts';
import { refuseSingleDash, refuseSlip } from './single-dash.ts';
import { isSubcommand, subcommands, type SubcommandName } from './subcommands.ts';

/** What a command line asks for. */
type Invocation =
  | { readonly kind: 'run'; readonly options: RunOptions }
  /** Another command, and what follows it, unread. */
  | {
      readonly kind: 'subcommand';
      readonly name: SubcommandName;
      readonly argv: readonly string[];
    }
  /** Help or version: for stdout, with exit status 0; where nobody has asked for it, for stderr and 64. */
  | { readonly kind: 'text'; readonly text: string; readonly isUnasked?: true };

/**
 * Understands the arguments after the program's name. `version` is what `--version` answers.
 * @throws {UsageError}
 */
export function parse(
  argv: readonly string[],
  env: Environment,
  { version }: { version: string },
): Invocation {
  if (argv.length === 0) return unasked(parse(['--help'], env, { version }));
  const [name, ...rest] = asFlags(argv);
  if (isSubcommand(name)) return { kind: 'subcommand', name, argv: rest };

  let text = '';
  const program = newProgram((part) => (text += part));
  describeProgram(program, version);
  const runCommandLine = addRunCommand(program);
  if (name !== 'run') addOthers(program);
  try {
    program.parse(asFlags(argv), { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    refuseSlip(thrown, argv, flags);
    if (text === '') throw usageError(thrown, name === 'run' ? seeRunHelp : seeHelp);
    return { kind: 'text', text };
  }
  const { settings, command } = runCommandLine();
  refuseSingleDash(argv.slice(0, argv.length - command.length), flags);
  // Commander takes -5 and - for arguments, but here it is more likely a slip.
  if (command[0]?.startsWith('-') && argv.at(-command.length - 1) !== '--')
    throw new UsageError(
      `unknown option '${typed(command[0])}'`,
      'put -- in front of a command that begins with -',
    );
  return { kind: 'run', options: runOptions(withEnvironment(settings, env), command) };
}

function unasked(help: Invocation): Invocation {
  return help.kind === 'text' ? { ...help, isUnasked: true } : help;
}

/** `help run` means `run --help`, `version` means `--version`. */
function asFlags(argv: readonly string[]): string[] {
  const [first, about] = argv;
  if (first === 'version') return ['--version', ...argv.slice(1)];
  if (first !== 'help') return [...argv];
  return about === undefined || about === 'help' ? ['--help'] : [about, '--help'];
}

const seeHelp = 'k8s-leader --help lists the commands';
const seeRunHelp = 'k8s-leader run --help explains everything';

function describeProgram(program: Command, version: string): void {
  program
    .description('Runs a command only while it is the leader.')
    .usage('COMMAND [options]')
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', programEpilogue);
  addHelpFlag(program);
}

/** For the help, and for the suggestion that follows a typo. */
function addOthers(program: Command): void {
  for (const [name, summary] of Object.entries(subcommands)) program.command(name).summary(summary);
}

const programEpilogue = `
Examples:
  k8s-leader run --lock nightly -- ./backup.sh
  k8s-leader rbac --lock nightly -n jobs | kubectl apply -f -

Run k8s-leader COMMAND --help for the options of a command.`;

/** What a command line says, unchecked. */
interface RunCommandLine {
  readonly settings: Settings;
  /** Everything from CMD on, byte for byte. */
  readonly command: readonly string[];
}

/** Teaches `program` the subcommand `run`; the result tells what it was given, once `program` has parsed. */
export function addRunCommand(program: Command): () => RunCommandLine {
  const settings: Partial<Record<Flag, Setting>> = {};
  const run = program
    .command('run')
    .summary('run a command only while it leads')
    .description('Competes for a lock and runs CMD only while holding it.')
    .usage('--lock NAME [options] [--] CMD [ARG...]')
    .argument('[CMD...]')
    .passThroughOptions()
    .addHelpText('after', epilogue);
  for (const [heading, group] of Object.entries(flagGroups)) {
    run.optionsGroup(`${heading}:`);
    for (const [name, [spelling, about]] of Object.entries(group) as Entry[]) {
      run.option(spelling, about);
      run.on(`option:${name}`, (text?: string) => {
        settings[name] = settingFrom(`--${name}`, text, settings[name]);
      });
    }
  }
  addHelpFlag(run);
  return () => ({ settings, command: run.args });
}

type Entry = [name: Flag, spelled: [spelling: string, about: string]];

/**
 * The form of log that was asked for, for a command line that cannot be understood as a whole. Only `run` has a log.
 * Reads no further than the first word that belongs to no flag.
 */
export function logFormatIn(argv: readonly string[], env: Environment): 'text' | 'json' {
  if (argv[0] !== 'run') return 'text';
  const isCommand = (word: string, index: number) =>
    word === '--' || !(word.startsWith('-') || argv[index]?.startsWith('-'));
  const end = argv.slice(1).findIndex(isCommand);
  const line = argv.slice(1, end < 0 ? argv.length : end + 1).join('\n');
  const said = /^--log-format[=\n](.*)$/m.exec(line)?.[1] ?? env['K8S_LEADER_LOG_FORMAT'];
  return said === 'json' ? 'json' : 'text';
}
