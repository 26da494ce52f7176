/** What is counted of the events, and read off at the moment somebody asks. */
import { shellStatus } from '../child/exit-status.ts';
import type { Clock } from '../election/clock.ts';
import type { RunEvent } from '../events.ts';
import { memoryBytes, nodeVersion, processorMs, startedAtMs } from '../platform/self.ts';
import type { Endpoint } from './endpoints.ts';
import { instruments, type Instruments } from './instruments.ts';
import { isLeader } from './probes.ts';
import type { Leader, State, View } from './state.ts';

interface MetricsOptions {
  readonly lock: string;
  readonly version: string;
  readonly renewDeadlineMs: number;
  readonly process: Process;
  readonly clock: Pick<Clock, 'now'>;
}

interface Metrics {
  /** What has happened, and what it has come to. */
  hear(event: RunEvent, after: State): void;
  /** In the text format of Prometheus. A text is good for a moment, so that nobody can keep us at it. */
  readonly show: Endpoint;
}

const goodForMs = 250;

export function createMetrics(options: MetricsOptions): Metrics {
  const { lock, version, process, clock } = options;
  const all = instruments(lock);
  all.info.set({ version, node_version: process.nodeVersion }, 1);
  all.renewDeadline.set(options.renewDeadlineMs / 1_000);
  all.startTime.set(process.startedAtMs / 1_000);
  const sees = transitions(() => {
    all.transitionsSeen.inc();
  });
  let text: Promise<string> | undefined;
  let writtenAtMs = -Infinity;
  return {
    hear(event, { leader }) {
      count(all, event);
      if (leader) sees(leader);
    },
    async show(view) {
      if (!text || clock.now() - writtenAtMs >= goodForMs) {
        writtenAtMs = clock.now();
        readOff(all, view, process);
        text = all.registry.metrics();
      }
      return { status: 200, type: all.registry.contentType, body: await text };
    },
  };
}

function readOff(all: Instruments, view: View, process: Process): void {
  const { state, trust } = view;
  const leads = isLeader(view);
  all.masterStatus.set(Number(leads));
  all.trustLeft.set(leads ? Math.max(0, trust?.leftMs ?? 0) / 1_000 : 0);
  all.isInReach.set(Number(state.isInReach));
  all.transitions.set(state.transitions ?? 0);
  all.commandRunning.set(Number('pid' in state.command));
  all.memory.set(process.memoryBytes());
  // What somebody else counts.
  all.droppedLines.reset();
  all.droppedLines.inc(process.droppedLines());
  all.processTime.reset();
  all.processTime.inc(process.processorMs() / 1_000);
}

function count(all: Instruments, event: RunEvent): void {
  switch (event.kind) {
    case 'elected':
      all.terms.inc();
      return;
    case 'lost':
      all.losses.inc({ reason: event.loss.kind });
      return;
    case 'release':
      all.releases.inc({ result: event.outcome.kind });
      all.stuck.set(0);
      return;
    case 'suspended':
      all.suspensions.inc();
      return;
    case 'restored':
      all.restorations.inc({ found: event.found });
      return;
    case 'renewal':
      all.renewals.inc({ result: event.result });
      all.renewalTime.observe(event.tookMs / 1_000);
      if (event.result === 'conflict') all.slowPath.inc();
      return;
    case 'watch-ended':
      all.watchRestarts.inc({ result: event.fault ? 'failed' : 'ended' });
      return;
    case 'started':
      all.starts.inc();
      return;
    case 'exited':
      all.exits.inc({ status: shellStatus(event.status) });
      return;
    case 'killed':
      all.kills.inc({ reason: event.reason.replace(' ', '-') });
      return;
    case 'stuck':
      all.stuck.set(event.pids.length);
      return;
    case 'failed':
    case 'warning':
    case 'listening':
    case 'unannounced':
    case 'standing-by':
    case 'waiting-out':
    case 'holder-dead':
    case 'out-of-reach':
    case 'in-reach':
    case 'unwatched':
    case 'watched':
    case 'renewal-failing':
    case 'renewal-recovered':
    case 'resumed':
    case 'already-done':
    case 'not-stored':
    case 'holding':
    case 'asked-to-step-down':
    case 'standing-aside':
    case 'stopping':
    case 'left-over':
      return;
    default:
      event satisfies never;
  }
}

/** Tells of every leader but the first that it is another than the one before. */
function transitions(onTransition: () => void): (leader: Leader) => void {
  let known: Leader | undefined;
  return (leader) => {
    const isSameHolder = known?.identity === leader.identity;
    const isSameTerm = isSameHolder && (known?.sinceMs ?? leader.sinceMs) === leader.sinceMs;
    if (known && !isSameTerm) onTransition();
    known = leader;
  };
}

/** What is known of a process beside its events. */
interface Process {
  /** Log lines so far that nobody could read. */
  readonly droppedLines: () => number;
  readonly processorMs: () => number;
  readonly memoryBytes: () => number;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly nodeVersion: string;
}

/** This process. */
export function thisProcess(droppedLines: () => number): Process {
  return {
    droppedLines,
    processorMs,
    memoryBytes,
    startedAtMs: startedAtMs(),
    nodeVersion: `v${nodeVersion()}`,
  };
}
