/** All commands and their options, as commander knows them: as data for completions, as they are for the manual. */
import type { Command, Option } from 'commander';
import { addSubcommand } from '../cli/command-line.ts';
import { choices } from '../cli/flags.ts';
import { addRunCommand } from '../cli/parse.ts';
import { newProgram } from '../cli/program.ts';
import * as completion from './completion/completion.ts';
import type { CommandOutline, OptionOutline, Value } from './completion/outline.ts';
import * as doctor from './doctor/doctor.ts';
import * as fence from './fence.ts';
import { fenceForms } from './fence-policy.ts';
import * as install from './install.ts';
import * as list from './list.ts';
import * as rbac from './rbac.ts';
import * as status from './status.ts';
import * as stepDown from './step-down.ts';

/** The program with all that its commands are told. `print` gets what they print. */
export function wholeProgram(print: (text: string) => void): Command {
  const program = newProgram(print);
  addRunCommand(program);
  for (const { spelling } of [status, list, stepDown, rbac, fence, doctor, completion, install])
    addSubcommand<string>(program, spelling);
  return program;
}

export function outline(): CommandOutline[] {
  return wholeProgram(() => undefined).commands.map((command) => ({
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
