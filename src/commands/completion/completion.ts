/**
 * `k8s-leader completion`: scripts that know all commands and options, made of what commander knows. They do not call
 * us back while somebody types, which would cost the start of a process each time.
 */
import { choices } from '../../cli/flags.ts';
import { readCommandLine, type Spelling } from '../../cli/command-line.ts';
import { choose } from '../../cli/place-options.ts';
import { UsageError } from '../../errors.ts';
import type { Exit } from '../../exit-code.ts';
import { print } from '../../print.ts';
import type { Call } from '../call.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import type { CommandOutline } from './outline.ts';
import { zshCompletion } from './zsh.ts';

const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export const spelling: Spelling<never> = {
  name: 'completion',
  usage: 'bash|zsh|fish',
  description: 'Prints a completion script for a shell.',
  shared: [],
  own: {},
  words: '[SHELL]',
  epilogue: `
For this shell, and permanently:
  bash  source <(k8s-leader completion bash)
        k8s-leader completion bash > /etc/bash_completion.d/k8s-leader
  zsh   source <(k8s-leader completion zsh)
        k8s-leader completion zsh > "\${fpath[1]}/_k8s-leader"
  fish  k8s-leader completion fish | source
        k8s-leader completion fish > ~/.config/fish/completions/k8s-leader.fish`,
};

/** @throws {UsageError} */
export function completionOptions(
  argv: readonly string[],
): { readonly shell: keyof typeof writers } | { readonly text: string } {
  const line = readCommandLine(spelling, argv, {});
  if (line.kind === 'text') return line;
  const [text] = line.words;
  if (text === undefined) throw new UsageError('no shell given', 'choose bash, zsh or fish');
  return { shell: choose({ from: 'the shell', text }, choices.shell) };
}

export async function run({ argv, help, stdout, outline }: Call): Promise<Exit> {
  const options = completionOptions(argv);
  if ('text' in options) return help(options.text);
  return print(stdout, completionFor(options.shell, await outline()));
}

/** The script for a shell. */
export function completionFor(
  shell: keyof typeof writers,
  commands: readonly CommandOutline[],
): string {
  return writers[shell](commands);
}
