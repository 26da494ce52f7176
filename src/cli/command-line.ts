/** Reads the command line of a command other than `run`, whose flags it shares where they mean the same. */
import { CommanderError, Option, type Command } from 'commander';
import { UsageError } from '../errors.ts';
import { typed } from '../text.ts';
import { flagGroups, type Flag } from './flags.ts';
import { addHelpFlag } from './help.ts';
import { newProgram, usageError } from './program.ts';
import {
  withEnvironment,
  type Environment,
  settingFrom,
  type Setting,
  type Settings,
} from './settings.ts';
import { refuseSingleDash, refuseSlip } from './single-dash.ts';
import { subcommands, type SubcommandName } from './subcommands.ts';

type Spelled = readonly [spelling: string, about: string];

/** How a command is spelled. */
export interface Spelling<Own extends string> {
  readonly name: SubcommandName;
  /** After the name, in the first line of the help. */
  readonly usage: string;
  readonly description: string;
  /** Flags of `run`, with their variables. */
  readonly shared: readonly Flag[];
  /** Those of them that the help has; by default all. */
  readonly shown?: readonly Flag[];
  /** What a shared flag says here, where that differs. */
  readonly about?: Readonly<Partial<Record<Flag, string>>>;
  /** Flags of this command alone. They have no variables. */
  readonly own: Readonly<Record<Own, Spelled>>;
  /** What follows the flags, as commander writes it. Options behind the first word belong to it. */
  readonly words?: string;
  /** What the help says after the flags, in lines of 80 columns. */
  readonly epilogue: string;
}

/** What a command line says, unchecked; or its help, which is for stdout. */
type CommandLine<Own extends string> =
  | {
      readonly kind: 'given';
      readonly settings: Settings;
      readonly own: Readonly<Partial<Record<Own, Setting>>>;
      readonly words: readonly string[];
    }
  | { readonly kind: 'text'; readonly text: string };

/** The way to a cluster, where no kubeconfig says it. */
export const accessFlags = [
  'server',
  'token',
  'insecure-skip-tls-verify',
  'as',
  'as-group',
] as const satisfies readonly Flag[];

/** The place of a lock and the way there: for every command that looks at one. */
export const placeFlags = [
  'lock',
  'namespace',
  'lock-kind',
  'backend',
  'local-file',
  'kubeconfig',
  'context',
  ...accessFlags,
  'request-timeout',
] as const satisfies readonly Flag[];

/** Teaches `program` the command; the settings are there once `program` has parsed. */
export function addSubcommand<Own extends string>(
  program: Command,
  spelling: Spelling<Own>,
): { readonly command: Command; readonly given: Readonly<Partial<Record<string, Setting>>> } {
  const { name, usage, description, shared, shown, about = {}, own, words, epilogue } = spelling;
  const command = program
    .command(name)
    .summary(subcommands[name])
    .usage(usage)
    .description(description)
    .addHelpText('after', epilogue);
  if (words !== undefined) command.argument(words).passThroughOptions();

  const given: Partial<Record<string, Setting>> = {};
  const add = (flag: string, [flags, says]: Spelled) => {
    const isHidden = shown?.every((each) => each !== flag) ?? false;
    command
      .addOption(new Option(flags, says).hideHelp(isHidden))
      .on(`option:${flag}`, (value?: string) => {
        given[flag] = settingFrom(`--${flag}`, value, given[flag]);
      });
  };
  for (const flag of shared) add(flag, [spellingOf(flag)[0], about[flag] ?? spellingOf(flag)[1]]);
  for (const [flag, spelled] of Object.entries<Spelled>(own)) add(flag, spelled);
  addHelpFlag(command);
  return { command, given };
}

/** @throws {UsageError} */
export function readCommandLine<Own extends string>(
  spelling: Spelling<Own>,
  argv: readonly string[],
  env: Environment,
): CommandLine<Own> {
  const { name, shared, own } = spelling;
  const known = [...shared, ...Object.keys(own)];
  let text = '';
  const program = newProgram((part) => (text += part));
  const { command, given } = addSubcommand(program, spelling);
  try {
    program.parse([name, ...argv], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (text !== '') return { kind: 'text', text };
    refuseSlip(thrown, argv, known);
    const seeHelp = `k8s-leader ${name} --help explains it`;
    if (thrown.code === 'commander.excessArguments') {
      refuseSingleDash(argv, known);
      const word = typed(command.args[command.registeredArguments.length] ?? '');
      const isLock = shared.includes('lock') && given['lock'] === undefined;
      const guess = isLock ? `did you mean --lock ${word}? ` : '';
      throw new UsageError(`unexpected word '${word}'`, guess + seeHelp);
    }
    throw usageError(thrown, seeHelp);
  }
  refuseSingleDash(argv.slice(0, argv.length - command.args.length), known);
  return {
    kind: 'given',
    settings: only(shared, withEnvironment(given, env)),
    own: given,
    words: command.args,
  };
}

/** A variable of a flag that the command does not have is not about it. */
function only(shared: readonly Flag[], settings: Settings): Settings {
  return Object.fromEntries(
    Object.entries(settings).filter(([flag]) => shared.includes(flag as Flag)),
  );
}

function spellingOf(flag: Flag): Spelled {
  const groups: Record<string, Partial<Record<Flag, Spelled>>>[] = [flagGroups];
  for (const group of groups.flatMap((each) => Object.values(each)))
    if (group[flag] !== undefined) return group[flag];
  throw new Error(`no flag ${flag}`);
}
