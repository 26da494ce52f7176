import { UsageError } from '../errors.ts';
import { choices } from './choices.ts';
import { readCommandLine, type Spelling } from './command-line.ts';
import { choose } from './place-options.ts';

export type Shell = (typeof choices.shell)[number];

export const completionSpelling: Spelling<never> = {
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
): { readonly shell: Shell } | { readonly text: string } {
  const line = readCommandLine(completionSpelling, argv, {});
  if (line.kind === 'text') return line;
  const [text] = line.words;
  if (text === undefined) throw new UsageError('no shell given', 'choose bash, zsh or fish');
  return { shell: choose({ from: 'the shell', text }, choices.shell) };
}
