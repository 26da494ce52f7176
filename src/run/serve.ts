/**
 * One command under one term: what reaches it, what ends it, and when it is really gone.
 *
 *     CMD ends by itself ────────────────────────────────┐
 *     TERM to us        → passed on, KILL after the grace │
 *     loss by our clock → stop signal, KILL at the        ├─▶ wait until nothing that CMD started lives ─▶ end
 *                         deadline of the term            │     (left-overs: stop signal, then KILL)
 *     another holder    → KILL                            │
 *     asked to step down → stop signal, KILL after the    │
 *                         grace                           │
 *     suspended         → STOP, then CONT or one of these ┘
 *
 * All ways lead to one deadline, which only moves closer. Nothing here ends the term: the lock is kept,
 * and renewed, until the last process is gone. One that survives KILL keeps us waiting for as long as we lead.
 */
import type { Child } from '../child/types.ts';
import type { ExitStatus } from '../child/exit-status.ts';
import { endsTheWait, type SignalSource } from '../child/signals.ts';
import type { Clock } from '../election/clock.ts';
import type { Loss } from '../election/events.ts';
import type { Term } from '../election/term.ts';
import type { RunListener, StopReason } from '../events.ts';
import { movableDeadline, type Deadline } from './deadline.ts';

export interface ServeOptions {
  readonly clock: Clock;
  readonly signals: SignalSource;
  readonly emit: RunListener;
  /** What CMD gets first on a loss by our own clock and on a step-down, and what is left over when CMD has ended. */
  readonly stopSignal: NodeJS.Signals;
  /** From TERM to KILL, also on a step-down. */
  readonly stopTimeoutMs: number;
  /** Called when TERM has asked us to stop. */
  readonly onShutdown: () => void;
}

export type ServiceEnd =
  | {
      readonly kind: 'ended';
      readonly status: ExitStatus;
      /** The first signal that it was sent in order to end, if any. */
      readonly interruptedBy?: NodeJS.Signals | undefined;
    }
  /** Stopped because somebody asked the leader to hand over. */
  | { readonly kind: 'stepped-down' }
  | { readonly kind: 'lost'; readonly loss: Loss }
  /** Lost, and something is still alive: the lock must not be handed back. */
  | { readonly kind: 'stuck' };

/** What CMD left behind gets this long between the stop signal and KILL. */
const leftOverGraceMs = 2_000;
/** How long KILL may take before it is worth a loud line. */
const stuckAfterMs = 5_000;
/** An alarm that is late rings before one that is set now. */
const lateAlarmMs = 1;

export async function serve(child: Child, term: Term, options: ServeOptions): Promise<ServiceEnd> {
  const { clock, emit, stopSignal } = options;
  const deadline = movableDeadline(clock);
  let reason: StopReason = 'left over';
  let status: ExitStatus | undefined;
  let interruptedBy: NodeJS.Signals | undefined;
  let isSteppingDown = false as boolean;
  const stopWithin = (why: StopReason, ms: number) => {
    if (!deadline.within(ms)) return;
    reason = why;
    emit({ kind: 'stopping', reason, killInMs: Math.max(0, ms) });
  };
  options.signals.listen((signal) => {
    child.pass(signal);
    if (endsTheWait(signal) && !status) interruptedBy ??= signal;
    if (signal !== 'SIGTERM') return;
    options.onShutdown();
    stopWithin('shutdown', options.stopTimeoutMs);
  });
  const onLost = () => {
    const loss = term.lost.reason as Loss;
    const graceMs = loss.kind === 'usurped' ? 0 : term.remainingMs();
    if (graceMs > 0) child.send(stopSignal);
    stopWithin('lost', graceMs);
  };
  term.lost.addEventListener('abort', onLost);
  if (term.lost.aborted) onLost();
  const onStepDown = () => {
    // What is being stopped, or has ended, ends as it does without us.
    if (status || reason === 'shutdown') return;
    isSteppingDown = true;
    child.send(stopSignal);
    stopWithin('step-down', options.stopTimeoutMs);
  };
  term.stepDown.addEventListener('abort', onStepDown);
  if (term.stepDown.aborted) onStepDown();
  void child.unguarded.then(() => {
    if (!status) interruptedBy ??= stopSignal;
    stopWithin('unguarded', 0);
  });
  const unsubscribe = term.subscribe((change) => {
    // The clock is read first: a process that is stopped between the two sets an earlier deadline, never a later one.
    if (change === 'extended') child.killAt(clock.bootTime() + term.remainingMs());
    if (change === 'suspended') child.sendToAll('SIGSTOP');
    if (change === 'resumed') child.sendToAll('SIGCONT');
  });
  void deadline.passed.then(() => {
    emit({ kind: 'killed', reason });
    child.sendToAll('SIGKILL');
  });

  try {
    const exited = child.exited.then((how) => {
      status = how;
      emit({ kind: 'exited', status });
    });
    await Promise.race([exited, deadline.passed]);
    // Where leadership ends while CMD's left-overs are stopped, CMD itself has still ended as it did.
    // A loop that stood still may hear of CMD's end before it hears that the term is over: let that be told, too.
    if (!term.isTrusted()) await clock.sleep(lateAlarmMs);
    const lostTheCommand = term.lost.aborted || !term.isTrusted();
    const isGone = await untilGone(child, { ...options, deadline, term });
    if (!isGone) return { kind: 'stuck' };
    await exited;
    if (lostTheCommand || !status) return { kind: 'lost', loss: term.loss ?? { kind: 'expired' } };
    if (isSteppingDown) return { kind: 'stepped-down' };
    return { kind: 'ended', status, interruptedBy };
  } finally {
    options.signals.hold();
    deadline.cancel();
    unsubscribe();
    term.lost.removeEventListener('abort', onLost);
    term.stepDown.removeEventListener('abort', onStepDown);
  }
}

interface Waiting extends ServeOptions {
  readonly deadline: Deadline;
  readonly term: Term;
}

/** False when something outlives both KILL and the term, or nobody is left who could tell. */
async function untilGone(child: Child, waiting: Waiting): Promise<boolean> {
  const { clock, emit, deadline, term } = waiting;
  if (!deadline.hasPassed) {
    const leftOver = await child.living();
    if (leftOver.length > 0) {
      emit({ kind: 'left-over', pids: leftOver });
      child.sendToAll(waiting.stopSignal);
    }
    deadline.within(leftOverGraceMs);
  }
  const tooLate = deadline.passed
    .then(() => clock.sleep(stuckAfterMs))
    .then(() => 'stuck' as const);
  const how = await Promise.race([child.gone, tooLate]);
  if (how === 'gone') return true;
  emit({ kind: 'stuck', pids: how === 'stuck' ? await child.living() : [] });
  return (await Promise.race([child.gone, ended(term.lost)])) === 'gone';
}

/** Settles when the signal is aborted. */
function ended(signal: AbortSignal): Promise<'ended'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('ended');
    signal.addEventListener('abort', () => {
      resolve('ended');
    });
  });
}
