/**
 * What kubectl completes after `kubectl leader`: it runs `kubectl_complete-leader` with the words so far, the last one
 * perhaps unfinished, and reads a candidate a line, then a colon and a number (cobra's ShellCompDirective).
 */
import type { CommandOutline, OptionOutline } from './outline.ts';

/** Nothing but these; or the names of files where there are none. */
const onlyThese = ':4';
const filesOtherwise = ':0';

export function kubectlCompletion(
  commands: readonly CommandOutline[],
  words: readonly string[],
): string {
  const [before, current] = [words.slice(0, -1), words.at(-1) ?? ''];
  const { candidates, directive } = following(commands, before, current);
  const fitting = candidates.filter(([word]) => word.startsWith(current));
  const lines = fitting.map(([word, about]) => (about === undefined ? word : `${word}\t${about}`));
  return [...lines, directive, ''].join('\n');
}

type Candidate = readonly [word: string, about?: string];

interface Offer {
  readonly candidates: readonly Candidate[];
  readonly directive: string;
}

const nothing: Offer = { candidates: [], directive: onlyThese };
const files: Offer = { candidates: [], directive: filesOtherwise };

function following(
  commands: readonly CommandOutline[],
  [name, ...before]: readonly string[],
  current: string,
): Offer {
  if (name === undefined) return only(commands.map((each) => [each.name, each.about]));
  const command = commands.find((each) => each.name === name);
  if (command === undefined) return nothing;
  const state = stateAfter(command.options, before);
  if (state === 'operand') return command.operand === 'command line' ? files : nothing;
  if (state !== 'flags') return valueOf(state);
  const [flag = '', value] = current.split('=');
  const option = value === undefined ? undefined : optionAt(command.options, flag);
  if (option) return valueOf(option, `${flag}=`);
  if (current.startsWith('-')) return only(command.options.map(({ long, about }) => [long, about]));
  if (command.operand === 'command line') return files;
  return command.operand === 'nothing' ? nothing : only(command.operand.map((word) => [word]));
}

/** What comes next: flags or the first word of the rest; more of the rest; or the value of an option. */
function stateAfter(
  options: readonly OptionOutline[],
  before: readonly string[],
): 'flags' | 'operand' | OptionOutline {
  let open: OptionOutline | undefined;
  for (const word of before) {
    if (open) open = undefined;
    else if (word === '--' || !word.startsWith('-')) return 'operand';
    else open = takingValue(options, word);
  }
  return open ?? 'flags';
}

function takingValue(options: readonly OptionOutline[], word: string): OptionOutline | undefined {
  const option = optionAt(options, word);
  return option?.value === 'nothing' ? undefined : option;
}

function optionAt(options: readonly OptionOutline[], word: string): OptionOutline | undefined {
  return options.find(({ long, short }) => long === word || short === word);
}

function valueOf({ value }: OptionOutline, start = ''): Offer {
  if (value === 'file') return files;
  return typeof value === 'string' ? nothing : only(value.map((word) => [start + word]));
}

function only(candidates: readonly Candidate[]): Offer {
  return { candidates, directive: onlyThese };
}
