/**
 * Everything that is measured: names, meanings, labels. docs/observe.md has the same as a table, and a test compares.
 *
 * Names of client-go where it has them, `k8s_leader_…` for the rest, after Prometheus' conventions. Every metric has
 * the label `name`, the lock's; each process has its own registry, so no other can be in the way.
 *
 * prom-client's index also loads what pushes, and what collects over processes: 50 ms of processor time and 16 MB.
 */
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The values that a label can have; each is there from the start, at 0, so that rates are right. */
const renewalResults = ['acknowledged', 'conflict', 'failed'];
const lossReasons = ['expired', 'usurped', 'unsupported'];
const releaseResults = ['released', 'not-ours', 'failed'];
const killReasons = ['shutdown', 'lost', 'unguarded', 'left-over'];
const foreignEdits = ['deleted', 'emptied', 'edited'];
const watchEnds = ['ended', 'failed'];

export type Instruments = ReturnType<typeof instruments>;

/** A set of them in a registry of its own, for the lock of that name. */
export function instruments(name: string) {
  const registry = new Registry();
  registry.setDefaultLabels({ name });
  const registers = [registry];

  const counter = (metric: string, help: string) => new Counter({ name: metric, help, registers });
  const gauge = (metric: string, help: string) => new Gauge({ name: metric, help, registers });
  const counterBy = (metric: string, help: string, label: string, values: readonly string[]) => {
    const by = new Counter({ name: metric, help, labelNames: [label], registers });
    for (const value of values) by.inc({ [label]: value }, 0);
    return by;
  };

  return {
    registry,
    masterStatus: gauge(
      'leader_election_master_status',
      'Whether this process leads, by its own clock: 1, else 0.',
    ),
    slowPath: counter(
      'leader_election_slowpath_total',
      'Renewals that took a look at the lock, because it was not as we had left it.',
    ),
    info: new Gauge({
      name: 'k8s_leader_build_info',
      help: 'Always 1; the labels are the versions of k8s-leader and of Node.',
      labelNames: ['version', 'node_version'],
      registers,
    }),

    isInReach: gauge(
      'k8s_leader_lock_reachable',
      'Whether the latest request for the lock was answered: 1, else 0.',
    ),
    trustLeft: gauge(
      'k8s_leader_trust_left_seconds',
      'Until the term is lost, unless a renewal is acknowledged; 0 where nothing is led.',
    ),
    renewDeadline: gauge(
      'k8s_leader_renew_deadline_seconds',
      'What is left after a renewal that was answered at once (--renew-deadline).',
    ),
    transitions: gauge(
      'k8s_leader_record_transitions',
      'How often the holder has changed, as the record counts it; starts again when that is deleted.',
    ),
    transitionsSeen: counter(
      'k8s_leader_transitions_seen_total',
      'Terms that this process has seen follow another, its own included.',
    ),

    terms: counter('k8s_leader_terms_total', 'Terms that this process has won.'),
    losses: counterBy(
      'k8s_leader_terms_lost_total',
      'Terms that were lost while their command ran.',
      'reason',
      lossReasons,
    ),
    releases: counterBy(
      'k8s_leader_releases_total',
      'Ends of terms, by what became of the record.',
      'result',
      releaseResults,
    ),
    suspensions: counter(
      'k8s_leader_suspensions_total',
      'Terms in doubt because the machine slept through their end.',
    ),
    restorations: counterBy(
      'k8s_leader_record_restorations_total',
      'Times that a foreign hand was found on our record, and the record was written again.',
      'found',
      foreignEdits,
    ),

    renewals: counterBy(
      'k8s_leader_renewals_total',
      'Tries to renew a term.',
      'result',
      renewalResults,
    ),
    renewalTime: new Histogram({
      name: 'k8s_leader_renewal_duration_seconds',
      help: 'Time that a try to renew took, whatever came of it.',
      buckets: seconds,
      registers,
    }),
    watchRestarts: counterBy(
      'k8s_leader_watch_restarts_total',
      'Watches that came to an end, as they do from time to time, or broke; another followed.',
      'result',
      watchEnds,
    ),

    commandRunning: gauge(
      'k8s_leader_command_running',
      'Whether the command has been started and has not ended: 1, else 0.',
    ),
    starts: counter('k8s_leader_command_starts_total', 'Starts of the command.'),
    exits: counterBy(
      'k8s_leader_command_exits_total',
      'Ends of the command, by exit status as a shell would report it.',
      'status',
      ['0'],
    ),
    kills: counterBy(
      'k8s_leader_command_kills_total',
      'Times that the command, or what it left behind, did not stop in time and was killed.',
      'reason',
      killReasons,
    ),
    stuck: gauge(
      'k8s_leader_stuck_processes',
      'Processes of the term that even KILL does not end: the lock is not handed back.',
    ),

    droppedLines: counter(
      'k8s_leader_log_lines_dropped_total',
      'Log lines that were dropped because nobody read stderr.',
    ),
    processTime: counter(
      'process_cpu_seconds_total',
      'Total user and system CPU time spent in seconds, by k8s-leader alone.',
    ),
    memory: gauge(
      'process_resident_memory_bytes',
      'Resident memory size in bytes, of k8s-leader alone.',
    ),
    startTime: gauge(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
    ),
  };
}
