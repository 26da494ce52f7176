import { Command, type CommanderError } from 'commander';
import { UsageError } from '../errors.ts';
import { typed } from '../text.ts';

/** A program without its commands, which inherit how it prints and fails. `print` gets help and version. */
export function newProgram(print: (text: string) => void): Command {
  return new Command('k8s-leader')
    .helpOption(false)
    .helpCommand(false)
    .enablePositionalOptions()
    .passThroughOptions()
    .exitOverride()
    .configureHelp({
      subcommandTerm: (command) => command.name(),
      optionTerm: ({ short, flags }) => (short ? '' : '    ') + flags.replaceAll(/[<>]/g, ''),
    })
    .configureOutput({
      writeOut: print,
      writeErr: () => undefined,
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/** Commander's complaint in our words: one line, and its suggestion, if any, as the hint before `seeHelp`. */
export function usageError({ code, message }: CommanderError, seeHelp: string): UsageError {
  if (code === 'commander.help') return new UsageError('no command given', seeHelp);
  const parts = /^error: (.*?)(?:\n\(Did you mean (.*)\?\))?$/s.exec(message);
  const suggestion = parts?.[2] === undefined ? '' : `did you mean ${typed(parts[2])}? `;
  const problem = (parts?.[1] ?? message).replace(
    /^option .*(--\S+) .* argument missing$/,
    '$1 needs a value',
  );
  return new UsageError(typed(problem, 120), suggestion + seeHelp);
}
