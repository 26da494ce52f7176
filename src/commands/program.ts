/** All commands and their options, as commander knows them: as data for completions, as they are for the manual. */
import type { Command, Option } from 'commander';
import { addSubcommand, type Spelling } from '../cli/command-line.ts';
import { choices } from '../cli/flags.ts';
import { addRunCommand } from '../cli/parse.ts';
import { newProgram } from '../cli/program.ts';
import type { CommandOutline, OptionOutline, Value } from './completion/outline.ts';
import { fenceForms } from './fence-policy.ts';

/** The program with `run` and these commands. `print` gets what they print. */
export function wholeProgram(
  spellings: readonly Spelling<string>[],
  print: (text: string) => void,
): Command {
  const program = newProgram(print);
  addRunCommand(program);
  for (const spelling of spellings) addSubcommand(program, spelling);
  return program;
}

export function outline(spellings: readonly Spelling<string>[]): CommandOutline[] {
  return wholeProgram(spellings, () => undefined).commands.map((command) => ({
    name: command.name(),
    about: command.summary(),
    options: command.options.map(outlineOf),
    operand: operandOf(command),
  }));
}

function outlineOf(option: Option): OptionOutline {
  const { long = '', short, description: about } = option;
  return { long, short, about, value: valueOf(option) };
}

const words: Readonly<Record<string, readonly string[]>> = {
  ...choices,
  by: fenceForms,
  'stop-signal': ['TERM', 'INT', 'QUIT', 'HUP', 'USR1', 'USR2', 'KILL'],
};

function valueOf({ long, required, optional }: Option): Value {
  if (!required && !optional) return 'nothing';
  const name = long?.slice(2) ?? '';
  if (['kubeconfig', 'local-file', 'time-left'].includes(name)) return 'file';
  return words[name] ?? 'word';
}

function operandOf({ registeredArguments: [first] }: Command): CommandOutline['operand'] {
  if (first === undefined) return 'nothing';
  return first.variadic ? 'command line' : (words[first.name().toLowerCase()] ?? 'nothing');
}
