import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';

/**
 * A `--help` that is a flag like any other. Commander's own is found anywhere behind an unknown flag, so a typo
 * in front of `psql -h HOST` would end in help and exit status 0.
 */
export function addHelpFlag(command: Command): void {
  command.option('-h, --help', 'print this help').on('option:help', () => command.help());
}

const statuses: [status: string | number, when: string][] = [
  ['0-255', "CMD's own; 128+n when signal n ended it"],
  [`128+n`, 'signal n came before CMD was started'],
  [exitCode.usage, 'something is wrong with the flags'],
  [exitCode.unavailable, 'no usable cluster or lock file; or out of reach (--try, --wait)'],
  [exitCode.defect, 'a defect of k8s-leader'],
  [exitCode.conflict, 'the lock was not obtained (--try, --wait)'],
  [exitCode.denied, 'the cluster forbids it; the message names the missing rule'],
  [exitCode.unwell, 'of doctor alone: something else is wrong'],
  [exitCode.lost, 'lost, or asked to step down, while CMD ran; CMD is stopped'],
  [exitCode.notExecutable, 'CMD cannot be executed'],
  [exitCode.notFound, 'CMD is not found'],
];

/** What the help says after the flags. Lines fit into 80 columns. */
export const epilogue = `
Durations (D): 500ms, 15s, 2m, 1h30m; a bare number is seconds.
Each flag is also a variable: K8S_LEADER_STOP_TIMEOUT=1m says --stop-timeout 1m.
A flag wins over a variable, and CMD does not inherit these variables.
"--" may be left out when CMD does not begin with "-".

Exit status:
${statuses.map(([status, when]) => `  ${String(status).padEnd(7)}${when}`).join('\n')}

Examples:
  Try it out, in two shells of one machine:
    k8s-leader run --backend local --lock demo -- sleep 60
  Entrypoint of a pod with two or more replicas:
    k8s-leader run --lock my-app -- node server.js
  From cron on many machines, never on two at a time:
    k8s-leader run --try --conflict-exit-code 0 --lock nightly -- ./backup.sh
  A migration that is to succeed once, in every pod:
    k8s-leader run --lock migrate --once v42 -- ./migrate.sh
  Wait at most five minutes for a migration that runs elsewhere:
    k8s-leader run --wait 5m --lock migrate -- ./migrate.sh`;
