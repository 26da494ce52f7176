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
  ['0-255', "CMD's own; 128+n if signal n killed it"],
  [`128+n`, 'signal n arrived before CMD started'],
  [exitCode.usage, 'a flag or variable is invalid'],
  [exitCode.unavailable, 'no usable cluster or lock file; unreachable (--try, --wait)'],
  [exitCode.defect, 'a defect of k8s-leader'],
  [exitCode.conflict, 'did not get the lock (--try, --wait)'],
  [exitCode.denied, 'forbidden; the message names the missing rule'],
  [exitCode.unwell, 'doctor only: found another problem'],
  [exitCode.lost, 'lost the lock, or stepped down, and stopped CMD'],
  [exitCode.notExecutable, 'CMD cannot be executed'],
  [exitCode.notFound, 'CMD was not found'],
];

/** What the help says after the flags. Lines fit into 80 columns. */
export const epilogue = `
Durations (D): 500ms, 15s, 2m, 1h30m; a bare number means seconds.
Each flag has a variable: K8S_LEADER_STOP_TIMEOUT=1m sets --stop-timeout 1m.
Flags override variables. CMD does not inherit these variables.
You may omit "--" unless CMD begins with "-".

Exit status:
${statuses.map(([status, when]) => `  ${String(status).padEnd(7)}${when}`).join('\n')}

Examples:
  Try it in two shells on one machine:
    k8s-leader run --backend local --lock demo -- sleep 60
  Entrypoint of a Deployment with two or more replicas:
    k8s-leader run --lock my-app -- node server.js
  From cron on many machines, never on two at once:
    k8s-leader run --try --conflict-exit-code 0 --lock nightly -- ./backup.sh
  A migration that must succeed once, started by every pod:
    k8s-leader run --lock migrate --once v42 -- ./migrate.sh
  Wait at most five minutes for a migration elsewhere:
    k8s-leader run --wait 5m --lock migrate -- ./migrate.sh`;
