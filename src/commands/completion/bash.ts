/** For bash 4 and newer; with the package bash-completion also what CMD itself takes. */
import type { CommandOutline, OptionOutline } from './outline.ts';

export function bashCompletion(commands: readonly CommandOutline[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# bash completion for k8s-leader

_k8s_leader() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev= cmd=\${COMP_WORDS[1]} i word
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _k8s_leader_words "${names} --help --version"
    return
  fi
  # "=" is a word of its own to bash.
  if [[ $cur == = ]]; then
    cur= prev=\${COMP_WORDS[COMP_CWORD - 1]}
  elif [[ \${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  else
    prev=\${COMP_WORDS[COMP_CWORD - 1]}
  fi

  local options= words= operand= takes=' ' files=' '
  case $cmd in
${commands.map(caseOf).join('\n')}
    *) return ;;
  esac

  # Where CMD begins, everything is about CMD.
  for ((i = 2; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == -- ]]; then
      ((i++))
      break
    elif [[ $takes == *" $word "* ]]; then
      ((i++))
      [[ \${COMP_WORDS[i]} == = ]] && ((i++))
    elif [[ $word != -* ]]; then
      break
    fi
  done
  if ((i < COMP_CWORD)) || [[ $i -eq $COMP_CWORD && \${COMP_WORDS[i - 1]} == -- ]]; then
    [[ $operand == command ]] && _k8s_leader_command "$i"
    return
  fi

  if [[ $takes == *" $prev "* ]]; then
    if [[ $files == *" $prev "* ]]; then
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    else
      case "$cmd $prev" in
${commands.flatMap(valueCases).join('\n')}
      esac
    fi
  elif [[ $cur == -* ]]; then
    _k8s_leader_words "$options"
  elif [[ $operand == command ]]; then
    mapfile -t COMPREPLY < <(compgen -c -- "$cur")
  else
    _k8s_leader_words "$words"
  fi
}

_k8s_leader_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_k8s_leader_command() {
  if declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif ((COMP_CWORD == $1)); then
    mapfile -t COMPREPLY < <(compgen -c -- "$cur")
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}

complete -F _k8s_leader k8s-leader
`;
}

function caseOf({ name, options, operand }: CommandOutline): string {
  const spelled = (some: readonly OptionOutline[]) => some.flatMap(names).join(' ');
  const taking = options.filter(({ value }) => value !== 'nothing');
  const files = options.filter(({ value }) => value === 'file');
  const rest =
    operand === 'command line'
      ? ' operand=command'
      : operand === 'nothing'
        ? ''
        : ` words='${operand.join(' ')}'`;
  return `    ${name})
      options='${options.map(({ long }) => long).join(' ')}'${rest}
      takes=' ${spelled(taking)} ' files=' ${spelled(files)} '
      ;;`;
}

function valueCases({ name, options }: CommandOutline): string[] {
  return options.flatMap((option) => {
    if (typeof option.value === 'string') return [];
    const patterns = names(option).map((each) => `'${name} ${each}'`);
    return [`        ${patterns.join(' | ')}) _k8s_leader_words '${option.value.join(' ')}' ;;`];
  });
}

function names({ long, short }: OptionOutline): string[] {
  return short === undefined ? [long] : [long, short];
}
