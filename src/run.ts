/**
 * The story: campaign, start the command, wait for its end, hand the lock back, and end as the command did.
 *
 *     campaign ── elected ──▶ start ──▶ serve ── CMD ended ──▶ release ──▶ its status
 *       ▲  └─ gave up / signal ──▶ our status       └─ lost ──▶ release ──▶ --lost-exit-code
 *       └──────────────────────────── --on-lost rejoin ◀────────┘
 */
import { shellStatus, signalStatus, type ExitStatus } from './child/exit-status.ts';
import { endsTheWait, type ForwardedSignal, type SignalSource } from './child/signals.ts';
import type { Child } from './child/child.ts';
import type { Patience } from './election/candidate.ts';
import type { Clock } from './election/clock.ts';
import type { CampaignOutcome } from './election/campaign.ts';
import type { Elector } from './election/elector.ts';
import type { Term } from './election/term.ts';
import { ExpectedError } from './errors.ts';
import type { RunListener } from './events.ts';
import { exitCode } from './exit-code.ts';
import { serve } from './serve.ts';

/** What the caller asked for. */
export interface RunPlan {
  readonly lock: string;
  readonly patience: Patience;
  readonly conflictExitCode: number;
  readonly onLost: 'exit' | 'rejoin';
  readonly lostExitCode: number;
  readonly stopSignal: NodeJS.Signals;
  readonly stopTimeoutMs: number;
}

/** Who stands for election. */
export type Candidate = Pick<Elector, 'campaign'>;

export interface RunPorts {
  readonly clock: Clock;
  readonly signals: SignalSource;
  readonly emit: RunListener;
  /** Whether a terminal delivers its signals to CMD by itself. */
  readonly foreground: boolean;
  /** Finds the lock; sends nothing to it. @throws {ExpectedError} when there is no way to it */
  readonly connect: (signal: AbortSignal) => Promise<Candidate>;
  /** Undefined when the term was over before CMD could be started. @throws {ExpectedError} when it cannot be */
  readonly start: (term: Term) => Promise<Child | undefined>;
}

/** How this process is to end. With `signal` by that signal, so that a calling shell sees what stopped it. */
export interface Exit {
  readonly status: number;
  readonly signal?: NodeJS.Signals;
}

/** @throws {ExpectedError} when the lock was not obtained, or CMD could not be started */
export async function run(plan: RunPlan, ports: RunPorts): Promise<Exit> {
  const { signals } = ports;
  const shutdown = new AbortController();
  const whileWaiting = (signal: ForwardedSignal) => {
    if (endsTheWait(signal)) shutdown.abort(signal);
  };
  const endedBy = () => endBy(shutdown.signal.reason as ForwardedSignal);
  signals.listen(whileWaiting);
  const elector = await connectUnless(shutdown.signal, ports);
  if (!elector) return endedBy();
  for (;;) {
    signals.listen(whileWaiting);
    const campaign = await elector.campaign({ signal: shutdown.signal, patience: plan.patience });
    if (campaign.kind === 'aborted') return endedBy();
    if (campaign.kind === 'done') return { status: 0 };
    if (campaign.kind !== 'elected') throw notObtained(plan, campaign);

    const { term } = campaign;
    const child = await startIfStillWanted(term, shutdown.signal, ports);
    if (!child) continue;
    const onShutdown = () => {
      shutdown.abort('SIGTERM');
    };
    const end = await serve(child, term, { ...plan, ...ports, onShutdown });
    if (end.kind !== 'stuck') await term.release();
    if (end.kind === 'ended') return endAs(end.status);
    if (end.kind === 'stuck' || plan.onLost === 'exit' || shutdown.signal.aborted)
      return { status: plan.lostExitCode };
  }
}

/** Undefined when a signal ended it, whatever else went wrong then. */
async function connectUnless(
  shutdown: AbortSignal,
  { connect }: RunPorts,
): Promise<Candidate | undefined> {
  try {
    return await connect(shutdown);
  } catch (thrown) {
    if (shutdown.aborted) return undefined;
    throw thrown;
  }
}

/** Between winning and starting, a signal or a stalled machine may have taken the reason away. */
async function startIfStillWanted(
  term: Term,
  shutdown: AbortSignal,
  { start, signals }: RunPorts,
): Promise<Child | undefined> {
  let child: Child | undefined;
  try {
    // A signal that comes while CMD is being started is CMD's.
    signals.hold();
    if (!shutdown.aborted) child = await start(term);
    return child;
  } finally {
    if (!child) await term.release();
  }
}

function notObtained(
  plan: RunPlan,
  campaign: Extract<CampaignOutcome, { kind: 'held' | 'unavailable' }>,
): ExpectedError {
  const lock = `lock ${JSON.stringify(plan.lock)}`;
  if (campaign.kind === 'unavailable') {
    const { fault } = campaign;
    const code = fault.kind === 'denied' ? exitCode.denied : exitCode.unavailable;
    const hint = fault.hint === undefined ? {} : { hint: fault.hint };
    return new ExpectedError(code, `${lock}: ${fault.message}`, hint);
  }
  const holder = campaign.holder === '' ? 'somebody else' : JSON.stringify(campaign.holder);
  const waited = plan.patience.kind === 'wait' ? 'still held' : 'held';
  return new ExpectedError(plan.conflictExitCode, `${lock} is ${waited} by ${holder}`);
}

function endAs(status: ExitStatus): Exit {
  if (status.kind === 'signalled') return endBy(status.signal);
  return { status: shellStatus(status) };
}

/**
 * After a Ctrl-C a shell goes on with its loop unless the command *died* of INT. The other signals are told by
 * their status alone: dying of them would add a core dump or hide the number from those who read exit codes.
 */
function endBy(signal: NodeJS.Signals): Exit {
  const status = signalStatus(signal);
  return signal === 'SIGINT' ? { status, signal } : { status };
}
