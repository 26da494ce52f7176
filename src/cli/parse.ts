/** The command line: argv and environment in, what to do out. Nothing is read, written or exited here. */
import { Command, CommanderError } from 'commander';
import { UsageError } from '../errors.ts';
import { withEnvironment, type Environment } from './environment.ts';
import { addHelpFlag } from './help.ts';
import { addRunCommand } from './run-command.ts';
import { runOptions, type RunOptions } from './run-options.ts';
import { inOneLine } from './setting.ts';

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: 'run'; readonly options: RunOptions }
  /** Help or version: for stdout, exit status 0. */
  | { readonly kind: 'text'; readonly text: string };

/**
 * Understands the arguments after the program's name. `version` is what `--version` answers.
 * @throws {UsageError}
 */
export function parse(
  argv: readonly string[],
  env: Environment,
  { version }: { version: string },
): Invocation {
  let text = '';
  const program = newProgram(version, (part) => (text += part));
  const runCommandLine = addRunCommand(program);
  try {
    program.parse([...argv], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (text === '') throw usageError(thrown);
    return { kind: 'text', text };
  }
  const { settings, command } = runCommandLine();
  // Commander takes -5 and - for arguments, but here it is more likely a slip.
  if (command[0]?.startsWith('-') && argv.at(-command.length - 1) !== '--')
    throw new UsageError(
      `unknown option '${inOneLine(command[0])}'`,
      'put -- in front of a command that begins with -',
    );
  return { kind: 'run', options: runOptions(withEnvironment(settings, env), command) };
}

/** The program without its subcommands; they inherit how it prints and fails. */
function newProgram(version: string, print: (text: string) => void): Command {
  const program = new Command('k8s-leader')
    .description('Runs a command only while it is the leader.')
    .usage('run --lock NAME [options] [--] CMD [ARG...]')
    .version(version, '-V, --version', 'print the version')
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
  addHelpFlag(program);
  program.addHelpText('after', `\n${seeHelp}.`);
  return program;
}

const seeHelp = 'k8s-leader run --help explains everything';

/** Commander's complaint in our words: one line, and its suggestion, if any, as the hint. */
function usageError({ code, message }: CommanderError): UsageError {
  if (code === 'commander.help') return new UsageError('no subcommand is given', seeHelp);
  const parts = /^error: (.*?)(?:\n\(Did you mean (.*)\?\))?$/s.exec(message);
  const suggestion = parts?.[2] === undefined ? '' : `did you mean ${inOneLine(parts[2])}? `;
  const problem = (parts?.[1] ?? message).replace(
    /^option .*(--\S+) .* argument missing$/,
    '$1 needs a value',
  );
  return new UsageError(inOneLine(problem, 120), suggestion + seeHelp);
}
