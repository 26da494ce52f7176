/**
 * The story: campaign, start the command, wait for its end, hand the lock back, and end as the command did.
 *
 *     campaign ── elected ──▶ start ──▶ serve ── CMD ended ──▶ hold ──▶ release ──▶ its status
 *       ▲  ├─ gave up / signal ──▶ our status       └─ lost, stepped down ──▶ release ──▶ --lost-exit-code
 *       │  └─ done already ──▶ 0                                                  │
 *       └──────────────────────────── --on-lost rejoin ◀──────────────────────────┘
 *
 * `--min-hold` keeps the lock for a while after CMD (`hold` below). With `--once` a success is stored by the release itself,
 * and we end with 0 only once it is (`once.ts`); a failure, or a CMD that was told to end, is not stored.
 */
import type { Child } from '../child/types.ts';
import { exitBy, shellStatus } from '../child/exit-status.ts';
import { endsTheWait, type ForwardedSignal, type SignalSource } from '../child/signals.ts';
import type { CampaignOutcome } from '../election/options.ts';
import type { Patience } from '../election/candidate.ts';
import type { Clock } from '../election/clock.ts';
import type { Elector } from '../election/elector.ts';
import type { Term } from '../election/term.ts';
import { ExpectedError, lockError } from '../errors.ts';
import type { RunListener } from '../events.ts';
import type { Exit } from '../exit-code.ts';
import { store } from './once.ts';
import { serve, type ServiceEnd } from './serve.ts';

/** What the caller asked for. */
export interface RunPlan {
  readonly lock: string;
  readonly patience: Patience;
  readonly conflictExitCode: number;
  readonly onLost: 'exit' | 'rejoin';
  readonly lostExitCode: number;
  readonly stopSignal: NodeJS.Signals;
  readonly stopTimeoutMs: number;
  /** The key under which a success of CMD is recorded, once for all candidates. */
  readonly once?: string | undefined;
  /** How long the lock is kept after CMD. */
  readonly minHoldMs?: number;
}

/** Who stands for election. */
type Candidate = Pick<Elector, 'campaign'>;

export interface RunPorts {
  readonly clock: Clock;
  readonly signals: SignalSource;
  readonly emit: RunListener;
  /** Finds the lock; sends nothing to it. @throws {ExpectedError} when there is no way to it */
  readonly connect: (signal: AbortSignal) => Promise<Candidate>;
  /** Undefined when the term was over before CMD could be started. @throws {ExpectedError} when it cannot be */
  readonly start: (term: Term) => Promise<Child | undefined>;
}

/** @throws {ExpectedError} when the lock was not obtained, or CMD could not be started */
export async function run(plan: RunPlan, ports: RunPorts): Promise<Exit> {
  const { signals } = ports;
  const shutdown = new AbortController();
  const whileWaiting = (signal: ForwardedSignal) => {
    if (endsTheWait(signal)) shutdown.abort(signal);
  };
  const endedBy = () => exitBy(shutdown.signal.reason as ForwardedSignal);
  signals.listen(whileWaiting);
  const elector = await connectUnless(shutdown.signal, ports);
  if (!elector) return endedBy();
  for (;;) {
    signals.listen(whileWaiting);
    const { patience, once } = plan;
    const campaign = await elector.campaign({ signal: shutdown.signal, patience, once });
    if (campaign.kind === 'aborted') return endedBy();
    if (campaign.kind === 'done') {
      ports.emit({ kind: 'already-done', key: once ?? '' });
      return { status: 0 };
    }
    if (campaign.kind !== 'elected') throw notObtained(plan, campaign);

    const { term } = campaign;
    const child = await startIfStillWanted(term, shutdown.signal, ports);
    if (!child) continue;
    const onShutdown = () => {
      shutdown.abort('SIGTERM');
    };
    const end = await serve(child, term, { ...plan, ...ports, onShutdown });
    if (end.kind === 'ended') {
      signals.listen(whileWaiting);
      if (!end.interruptedBy) await hold(term, plan.minHoldMs ?? 0, ports);
      if (once === undefined || !isSuccess(end)) {
        await term.release({ exitStatus: shellStatus(end.status) });
        return endAs(end, plan);
      }
      const isStored = await store(once, term, { ...ports, elector, signal: shutdown.signal });
      return isStored ? { status: 0 } : endedBy();
    }
    if (end.kind !== 'stuck') await term.release();
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
  if (campaign.kind === 'unavailable') return lockError(plan.lock, campaign.fault);
  const lock = `lock ${JSON.stringify(plan.lock)}`;
  const holder = campaign.holder === '' ? 'somebody else' : JSON.stringify(campaign.holder);
  const waited = plan.patience.kind === 'wait' ? 'still held' : 'held';
  return new ExpectedError(plan.conflictExitCode, `${lock} is ${waited} by ${holder}`);
}

type Ended = Extract<ServiceEnd, { kind: 'ended' }>;

/** Of its own accord. Who is told to end may end with 0, too. */
function isSuccess({ status, interruptedBy }: Ended): boolean {
  return !interruptedBy && shellStatus(status) === 0;
}

function endAs({ status, interruptedBy }: Ended, { once }: RunPlan): Exit {
  if (status.kind === 'signalled') return exitBy(status.signal);
  // With --once, 0 means that it is stored.
  if (once !== undefined && interruptedBy && shellStatus(status) === 0)
    return exitBy(interruptedBy);
  return { status: shellStatus(status) };
}

/**
 * `--min-hold`: keeps the lock, renewed, for so long after CMD has ended. A signal, a step-down or a loss ends it; if we
 * are killed, the lease runs out as ever.
 */
async function hold(term: Term, ms: number, { clock, emit }: RunPorts): Promise<void> {
  const endsAtMs = clock.now() + ms;
  const isOver = () => term.signal.aborted || clock.now() >= endsAtMs;
  if (!isOver()) emit({ kind: 'holding', forMs: ms });
  while (!isOver()) await clock.sleep(endsAtMs - clock.now(), term.signal);
}
