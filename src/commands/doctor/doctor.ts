/**
 * `k8s-leader doctor`: whether `run` would work with the same options, here. Every check is a line; the ones that need
 * what has failed before are left out. Nothing is written: what would be is sent as a dry run.
 */
import { placeFlags, readCommandLine, type Spelling } from '../../cli/command-line.ts';
import type { Environment } from '../../cli/settings.ts';
import { flags } from '../../cli/flags.ts';
import { named } from '../../cli/place-options.ts';
import { runOptions } from '../../cli/run-options.ts';
import { systemClock } from '../../clock.ts';
import type { Exit } from '../../exit-code.ts';
import { hostname } from '../../platform/machine.ts';
import { ownPid } from '../../platform/self.ts';
import { userAgent, type Call } from '../call.ts';
import { besides, programsHere } from './beside.ts';
import { checkCluster } from './cluster.ts';
import { lineOf, open, statusOf, type Finding, type Findings } from './finding.ts';
import { checkLocalFile, checkPlace } from './place.ts';
import type { DoctorOptions, DoctorPlan, DoctorPorts } from './target.ts';

export const spelling: Spelling<never> = {
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
  const line = readCommandLine(spelling, argv, env);
  if (line.kind === 'text') return line;
  const [command] = line.words;
  named(line.settings.lock);
  // Without a CMD there is one check less.
  const options = runOptions(line.settings, [command ?? 'CMD']);
  return { ...options, command, podLabel: options.podLabel !== undefined };
}

export async function run(call: Call): Promise<Exit> {
  const { argv, help, env, stdout, signal, findKeeper } = call;
  const isOneFile = call.executable !== undefined;
  const options = doctorOptions(argv, env);
  if ('text' in options) return help(options.text);
  const identity = options.identity ?? `${env['POD_NAME'] || hostname()}_…`;
  const plan = { ...options, identity, env, userAgent };
  const ports = { clock: systemClock, signal, pid: ownPid(), isOneFile, findKeeper };
  const findings: Finding[] = [];
  for await (const finding of examine(plan, ports)) {
    findings.push(finding);
    stdout(lineOf(finding));
  }
  return { status: statusOf(findings) };
}

async function* examine(plan: DoctorPlan, ports: DoctorPorts): Findings {
  if (plan.backend === 'local') yield* checkLocalFile(plan, ports);
  else yield* checkCluster(plan, ports);
  for (const warning of plan.warnings) yield open('options', warning);
  const beside = besides(programsHere(), plan, plan.env, doctorOptions);
  if (beside) yield beside;
  yield* checkPlace(plan, ports);
}
