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
      '1 if this process leads by its own clock, else 0.',
    ),
    slowPath: counter(
      'leader_election_slowpath_total',
      'Renewals that had to read the lock first because it had changed.',
    ),
    info: new Gauge({
      name: 'k8s_leader_build_info',
      help: 'Always 1; the labels are the versions of k8s-leader and of Node.',
      labelNames: ['version', 'node_version'],
      registers,
    }),

    isInReach: gauge(
      'k8s_leader_lock_reachable',
      '1 if the latest request for the lock was answered, else 0.',
    ),
    trustLeft: gauge(
      'k8s_leader_trust_left_seconds',
      'Time until the term is lost unless a renewal succeeds; 0 when not leading.',
    ),
    renewDeadline: gauge(
      'k8s_leader_renew_deadline_seconds',
      'The renew deadline: the most that k8s_leader_trust_left_seconds can be.',
    ),
    transitions: gauge(
      'k8s_leader_record_transitions',
      'How often the holder has changed, as the record counts; restarts if the record is deleted.',
    ),
    transitionsSeen: counter(
      'k8s_leader_transitions_seen_total',
      'Changes of leader that this process has seen, including its own terms.',
    ),

    terms: counter('k8s_leader_terms_total', 'Terms won by this process.'),
    losses: counterBy(
      'k8s_leader_terms_lost_total',
      'Terms lost while their command ran.',
      'reason',
      lossReasons,
    ),
    releases: counterBy(
      'k8s_leader_releases_total',
      'Ended terms, by the outcome for the record.',
      'result',
      releaseResults,
    ),
    suspensions: counter(
      'k8s_leader_suspensions_total',
      'Terms suspended because the machine slept past their end.',
    ),
    restorations: counterBy(
      'k8s_leader_record_restorations_total',
      'Times somebody edited our record and it was written again.',
      'found',
      foreignEdits,
    ),

    renewals: counterBy(
      'k8s_leader_renewals_total',
      'Attempts to renew a term.',
      'result',
      renewalResults,
    ),
    renewalTime: new Histogram({
      name: 'k8s_leader_renewal_duration_seconds',
      help: 'Duration of an attempt to renew, whatever its result.',
      buckets: seconds,
      registers,
    }),
    watchRestarts: counterBy(
      'k8s_leader_watch_restarts_total',
      'Watches that ended, as they regularly do, or broke, and were reopened.',
      'result',
      watchEnds,
    ),

    commandRunning: gauge('k8s_leader_command_running', '1 while the command runs, else 0.'),
    starts: counter('k8s_leader_command_starts_total', 'Starts of the command.'),
    exits: counterBy(
      'k8s_leader_command_exits_total',
      'Exits of the command, by exit status as a shell reports it.',
      'status',
      ['0'],
    ),
    kills: counterBy(
      'k8s_leader_command_kills_total',
      'Times the command, or processes it left behind, did not stop in time and were killed.',
      'reason',
      killReasons,
    ),
    stuck: gauge(
      'k8s_leader_stuck_processes',
      'Processes that even KILL cannot end; the lock is not released.',
    ),

    droppedLines: counter(
      'k8s_leader_log_lines_dropped_total',
      'Log lines dropped because nobody read stderr.',
    ),
    processTime: counter(
      'process_cpu_seconds_total',
      'User and system CPU time in seconds, of k8s-leader alone.',
    ),
    memory: gauge(
      'process_resident_memory_bytes',
      'Resident memory size in bytes, of k8s-leader alone.',
    ),
    startTime: gauge(
      'process_start_time_seconds',
      'Start time of the process in seconds since the Unix epoch.',
    ),
  };
}
