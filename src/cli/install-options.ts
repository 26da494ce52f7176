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
In a pod: an init container with "k8s-leader install /k8s-leader", a volume that
is mounted there, and /k8s-leader/k8s-leader in front of the command of each
container that mounts it as well.`,
};

/** @throws {UsageError} */
export function installOptions(
  argv: readonly string[],
): { readonly folder: string } | { readonly text: string } {
  const line = readCommandLine(installSpelling, argv, {});
  if (line.kind === 'text') return line;
  const [folder] = line.words;
  if (!folder) throw new UsageError('no folder is named', 'say where to: k8s-leader install DIR');
  return { folder };
}
