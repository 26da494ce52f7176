/** What an elector is asked for, and what that is once the defaults are filled in. */
import { random, systemClock } from '../clock.ts';
import type { ElectorOptions } from '../election/options.ts';
import type { Clock } from '../election/clock.ts';
import type { Deaths } from '../election/death.ts';
import type { ElectionListener } from '../election/events.ts';
import type { Lock } from '../election/lock.ts';
import { defaultTiming, timingProblem } from '../election/timing.ts';
import { defaultIdentity, identityProblem } from '../names.ts';
import { nodeProblem, processEnvironment } from './surroundings.ts';

/** How an elector stands for election. Durations are milliseconds, with the meaning that client-go gives them. */
export interface LeaderElectorOptions {
  /** What is elected on: `leaseLock`, one of its relatives, or your own {@link Lock}. */
  readonly lock: Lock;
  /**
   * False: leads at once and for as long as it likes, without touching the lock. For development, or a single replica.
   * Nothing but this leads without a lock; a cluster that is out of reach never does. Default: true.
   */
  readonly enabled?: boolean | undefined;
  /**
   * Who tells that holders are dead, so that nobody waits for their leases: `takeoverOnExit` makes one. Default: nobody,
   * every lease runs out.
   */
  readonly deaths?: Deaths | undefined;
  /**
   * Who we are, for people to read: 1 to 256 characters. Two that share one still never both lead. Default:
   * `<$POD_NAME or the host's name>_<uuid>`.
   */
  readonly identity?: string | undefined;
  /** How long the others wait for a sign of life before they claim. Whole seconds. Default: 15,000. */
  readonly leaseDurationMs?: number | undefined;
  /** Without an acknowledged renewal for this long, counted from its sending, the term is lost. Default: 10,000. */
  readonly renewDeadlineMs?: number | undefined;
  /** Between renewals, and between looks of a standby that cannot watch. Default: 2,000. */
  readonly retryPeriodMs?: number | undefined;
  /** Bound of every single request. Default: half the renew deadline. */
  readonly requestTimeoutMs?: number | undefined;
  /** Whether to note on the lock how terms ended, for `k8s-leader status --history`. Default: true. */
  readonly history?: boolean | undefined;
  /**
   * Told of every change of state, once, in place of a logger. What it throws is ignored: no term may be lost, or kept,
   * because of a listener.
   */
  readonly onEvent?: ElectionListener | undefined;
  /** For tests: `k8s-leader/testing` has one that stands still until it is moved. Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1): spreads retries and signs writes. For tests. */
  readonly random?: (() => number) | undefined;
}

export interface ResolvedOptions extends Required<Omit<ElectorOptions, 'onSight'>> {
  readonly enabled: boolean;
}

/**
 * @throws {RangeError} when the timings cannot keep the promise, or the identity cannot be shown
 * @throws {Error} when this Node is too old
 */
export function resolve(options: LeaderElectorOptions): ResolvedOptions {
  const unfit = nodeProblem();
  if (unfit !== undefined) throw new Error(unfit);
  const timing = {
    leaseDurationMs: options.leaseDurationMs ?? defaultTiming.leaseDurationMs,
    renewDeadlineMs: options.renewDeadlineMs ?? defaultTiming.renewDeadlineMs,
    retryPeriodMs: options.retryPeriodMs ?? defaultTiming.retryPeriodMs,
  };
  const identity = options.identity ?? defaultIdentity(processEnvironment());
  const requestTimeoutMs = options.requestTimeoutMs ?? timing.renewDeadlineMs / 2;
  const problem = timingProblem(timing) ?? identityProblem(identity);
  if (problem !== undefined) throw new RangeError(problem);
  if (!(requestTimeoutMs > 0)) throw new RangeError('the request timeout must be positive');
  return {
    lock: options.lock,
    deaths: options.deaths,
    enabled: options.enabled ?? true,
    identity,
    timing,
    requestTimeoutMs,
    emit: options.onEvent ?? (() => undefined),
    clock: options.clock ?? systemClock,
    random: options.random ?? random,
    history: options.history ?? true,
  };
}
