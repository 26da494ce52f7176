/**
 * `k8s-leader completion`: scripts that know all commands and options, made of what commander knows. They do not call
 * us back while somebody types, which would cost the start of a process each time.
 */
import type { CommandOutline } from '../outline.ts';
import { bashCompletion } from './completion-bash.ts';
import { fishCompletion } from './completion-fish.ts';
import { zshCompletion } from './completion-zsh.ts';

const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** The script for a shell. */
export function completionFor(
  shell: keyof typeof writers,
  commands: readonly CommandOutline[],
): string {
  return writers[shell](commands);
}
