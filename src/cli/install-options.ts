import { UsageError } from '../errors.ts';
import { readCommandLine, type Spelling } from './command-line.ts';

export const installSpelling: Spelling<never> = {
  name: 'install',
  usage: 'DIR',
  description: 'Copies this one-file executable to DIR/k8s-leader, for init containers.',
  shared: [],
  own: {},
  words: '[DIR]',
  epilogue: `
In a pod: mount a volume at /k8s-leader in an init container that runs
"k8s-leader install /k8s-leader". Mount it in the other containers too, and put
/k8s-leader/k8s-leader in front of their commands.`,
};

/** @throws {UsageError} */
export function installOptions(
  argv: readonly string[],
): { readonly folder: string } | { readonly text: string } {
  const line = readCommandLine(installSpelling, argv, {});
  if (line.kind === 'text') return line;
  const [folder] = line.words;
  if (!folder) throw new UsageError('no folder given', 'name one: k8s-leader install DIR');
  return { folder };
}
