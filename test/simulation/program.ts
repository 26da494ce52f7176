/**
 * Somebody's program with the library: a loop over the terms that it wins, or callbacks, and signals that end both. What
 * the command's wrapper does about keepers, it does not.
 */
import type { Clock } from '../../src/election/clock.ts';
import { endsTheWait, type SignalSource } from '../../src/child/signals.ts';
import type { ElectionListener } from '../../src/election/events.ts';
import type { Deaths } from '../../src/election/death.ts';
import type { Lock } from '../../src/election/lock.ts';
import type { Term } from '../../src/election/term.ts';
import type { Timing } from '../../src/election/timing.ts';
import { LeaderElector } from '../../src/library/leader-elector.ts';
import type { Body } from './body.ts';
import type { CandidatePlan, CommandPlan } from './schedule.ts';

export interface ProgramOptions {
  readonly plan: CandidatePlan;
  readonly form: 'loop' | 'callbacks';
  readonly identity: string;
  readonly lock: Lock;
  readonly deaths: Deaths | undefined;
  readonly timing: Timing;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signals: SignalSource;
  readonly onEvent: ElectionListener;
  readonly begin: (term: Term) => { readonly body: Body; readonly plan: CommandPlan };
  readonly violated: (what: string) => void;
}

/** What some bodies end with: the loop is left, or something is thrown out of it. */
const breaksWith = 7;
const throwsWith = 255;

class Broken extends Error {}

export async function program(options: ProgramOptions): Promise<void> {
  const { plan, timing, form, signals, violated } = options;
  const elector = new LeaderElector({
    ...options,
    ...timing,
    requestTimeoutMs: plan.requestTimeoutMs,
  });
  const shutdown = new AbortController();
  let stopped: Promise<void> | undefined;
  signals.listen((signal) => {
    if (signal === 'SIGTERM') stopped ??= elector.stop();
    else if (endsTheWait(signal)) shutdown.abort(signal);
  });
  const work = async (term: Term): Promise<number | undefined> => {
    if (elector.getLeader() !== elector.identity)
      violated(`leads, and thinks that ${elector.getLeader() ?? 'nobody'} does`);
    const { body, plan: does } = options.begin(term);
    const how = await body.ended;
    if (how === 'done' && does.code === throwsWith) throw new Broken('so the plan has it');
    return how === 'done' ? does.code : undefined;
  };
  try {
    await (form === 'loop'
      ? loop(elector, shutdown.signal, work)
      : callbacks(elector, shutdown.signal, options, work));
  } catch (thrown) {
    if (!(thrown instanceof Broken)) throw thrown;
  }
  await stopped;
  if (elector.isLeader()) violated('is over, and leads');
}

type Working = (term: Term) => Promise<number | undefined>;

async function loop(elector: LeaderElector, signal: AbortSignal, work: Working): Promise<void> {
  for await (const term of elector.terms(signal)) if ((await work(term)) === breaksWith) break;
}

async function callbacks(
  elector: LeaderElector,
  signal: AbortSignal,
  { plan, clock }: ProgramOptions,
  work: Working,
): Promise<void> {
  for (;;) {
    const { kind } = await elector.run({
      signal,
      onStartedLeading: async (term) => {
        if ((await work(term)) !== undefined) await term.release();
      },
      onStoppedLeading: () => clock.sleep(1),
    });
    if (kind === 'aborted' || kind === 'shutdown' || plan.onLost === 'exit') return;
  }
}
