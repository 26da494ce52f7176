/** For zsh with its completion system; CMD is completed as if it stood alone. */
import type { CommandOutline, OptionOutline } from './outline.ts';

export function zshCompletion(commands: readonly CommandOutline[]): string {
  const described = commands.map(({ name, about }) => quoted(`${name}:${about}`));
  return `#compdef k8s-leader

_k8s_leader() {
  local curcontext=$curcontext state line
  # Not "commands": zsh keeps there what _command_names offers.
  local -a subcommands=(
    ${described.join('\n    ')}
  )
  _arguments -C \\
    '(- *)'{-h,--help}'[print this help]' \\
    '(- *)'{-V,--version}'[print the version]' \\
    '1:command:->command' \\
    '*::argument:->argument' && return
  case $state in
    command) _describe command subcommands ;;
    argument)
      case $words[1] in
${commands.map(caseOf).join('\n')}
      esac
      ;;
  esac
}

# Loaded by its name it is the function itself; sourced it registers, where compinit has been run.
if [[ $funcstack[1] == _k8s_leader || $funcstack[1] == _k8s-leader ]]; then
  _k8s_leader "$@"
elif (( $+functions[compdef] )); then
  compdef _k8s_leader k8s-leader
fi
`;
}

function caseOf({ name, options, operand }: CommandOutline): string {
  const rest =
    operand === 'command line'
      ? [quoted('(-)1:command: _command_names -e'), quoted('*::arguments: _normal')]
      : operand === 'nothing'
        ? []
        : [quoted(`1:word:(${operand.join(' ')})`)];
  const specs = [...options.map(specOf), ...rest].map((spec) => ` \\\n            ${spec}`);
  return `        ${name})
          _arguments -S${specs.join('')}
          ;;`;
}

function specOf({ long, short, about, value }: OptionOutline): string {
  const text = `[${about.replaceAll(/[[\]\\]/g, '\\$&')}]`;
  const action =
    value === 'nothing'
      ? ''
      : value === 'file'
        ? ':file:_files'
        : value === 'word'
          ? ':value: '
          : `:word:(${value.join(' ')})`;
  // Written "--lock=", it may also be given as one word.
  const ending = value === 'nothing' ? '' : '=';
  if (short === undefined) return quoted(`${long}${ending}${text}${action}`);
  const either = `{${short},${long}${ending}}`;
  return `${quoted(`(${short} ${long})`)}${either}${quoted(`${text}${action}`)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
