/** For fish 3 and newer; CMD is completed as if it stood alone. */
import type { CommandOutline, OptionOutline } from './outline.ts';

export function fishCompletion(commands: readonly CommandOutline[]): string {
  const first = '-n __fish_use_subcommand';
  return `# fish completion for k8s-leader

complete -c k8s-leader -e
complete -c k8s-leader -f
complete -c k8s-leader ${first} -s h -l help -d 'print this help'
complete -c k8s-leader ${first} -s V -l version -d 'print the version'
${commands.map(({ name, about }) => `complete -c k8s-leader ${first} -a ${name} -d ${quoted(about)}`).join('\n')}
${commands.map(linesOf).join('\n')}
`;
}

function linesOf({ name, options, operand }: CommandOutline): string {
  const begun = `complete -c k8s-leader -n '__fish_seen_subcommand_from ${name}'`;
  const rest =
    operand === 'command line'
      ? [`${begun} -x -a '(__fish_complete_subcommand --fcs-skip=2 ${taking(options)})'`]
      : operand === 'nothing'
        ? []
        : [`${begun} -x -a ${quoted(operand.join(' '))}`];
  return ['', ...options.map((option) => `${begun}${specOf(option)}`), ...rest].join('\n');
}

function specOf({ long, short, about, value }: OptionOutline): string {
  const flags = `${short === undefined ? '' : ` -s ${short.slice(1)}`} -l ${long.slice(2)}`;
  const follows =
    value === 'nothing'
      ? ''
      : value === 'file'
        ? ' -r -F'
        : value === 'word'
          ? ' -x'
          : ` -x -a ${quoted(value.join(' '))}`;
  return `${flags}${follows} -d ${quoted(about)}`;
}

/** Those whose next word is theirs, not the first of CMD. */
function taking(options: readonly OptionOutline[]): string {
  return options
    .filter(({ value }) => value !== 'nothing')
    .flatMap(({ long, short }) => (short === undefined ? [long] : [short, long]))
    .join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
