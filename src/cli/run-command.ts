import type { Command } from 'commander';
import { flagGroups, type Flag } from './flags.ts';
import { addHelpFlag, epilogue } from './help.ts';
import { settingFrom, type Setting, type Settings } from './setting.ts';

/** What a command line says, unchecked. */
export interface RunCommandLine {
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
