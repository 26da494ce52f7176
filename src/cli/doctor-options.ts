import { placeFlags, readCommandLine, type Spelling } from './command-line.ts';
import type { Environment } from './environment.ts';
import { flags } from './flags.ts';
import { named } from './place-options.ts';
import { runOptions, type RunOptions } from './run-options.ts';

/** What `run` would be asked for; CMD may be left out. */
export interface DoctorOptions extends Omit<RunOptions, 'command' | 'podLabel'> {
  readonly command: string | undefined;
  /** Whether it would tell of its terms in Events. */
  readonly events: boolean;
  /** Whether it would label its own Pod. */
  readonly podLabel: boolean;
}

export const doctorSpelling: Spelling<never> = {
  name: 'doctor',
  usage: '--lock NAME [options of run] [--] [CMD [ARG...]]',
  description: 'Checks whether k8s-leader run would work here with the same options.',
  shared: flags,
  shown: [...placeFlags, 'lease-duration', 'renew-deadline', 'retry-period', 'stop-timeout'],
  own: {},
  words: '[CMD...]',
  epilogue: `
It accepts all other options of run too. It starts nothing and writes nothing:
it sends what a candidate would write as a dry run.

Each line begins with a mark: ✓ fine; ✗ a problem and its fix; – unknown, or
yours to judge.

Exit status:
  0      found no problem
  64     a flag or variable is invalid
  69     no usable cluster or lock file, or unreachable
  77     a permission is missing, or the cluster rejects our write
  78     found another problem

Example:
  kubectl exec deploy/my-app -- k8s-leader doctor --lock my-app`,
};

/** @throws {UsageError} */
export function doctorOptions(
  argv: readonly string[],
  env: Environment,
): DoctorOptions | { readonly text: string } {
  const line = readCommandLine(doctorSpelling, argv, env);
  if (line.kind === 'text') return line;
  const [command] = line.words;
  named(line.settings.lock);
  // Without a CMD there is one check less.
  const options = runOptions(line.settings, [command ?? 'CMD']);
  return { ...options, command, podLabel: options.podLabel !== undefined };
}
