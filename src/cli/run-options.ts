import { formatDuration } from '../duration.ts';
import type { Patience } from '../election/candidate.ts';
import { defaultTiming, timingProblem, timingWarning, type Timing } from '../election/timing.ts';
import { UsageError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';
import { resolve } from '../platform/paths.ts';
import * as convert from './conversions.ts';
import { choices } from './flags.ts';
import { choose, named, placeOptions, read, type PlaceOptions } from './place-options.ts';
import { show, type Setting, type Settings } from './settings.ts';

/** What `run` is asked to do: every option checked, every default filled in that does not need the cluster. */
export interface RunOptions extends PlaceOptions {
  /** Empty only together with `disable`. */
  readonly lock: string;
  readonly identity: string | undefined;
  /** Whether the certified end of the leader's container ends its lease. */
  readonly takeoverOnExit: boolean;
  /** Free of what {@link timingProblem} finds. */
  readonly timing: Timing;
  readonly patience: Patience;
  readonly conflictExitCode: number;
  readonly stopSignal: NodeJS.Signals;
  readonly stopTimeoutMs: number;
  /** Never together with `minHoldMs`. */
  readonly once: string | undefined;
  readonly minHoldMs: number;
  readonly onLost: 'exit' | 'rejoin';
  readonly lostExitCode: number;
  /** What to do where there can be no keeper. */
  readonly guard: 'auto' | 'required';
  readonly requestTimeoutMs: number;
  /** Whether to tell of terms in Kubernetes Events. */
  readonly events: boolean;
  /** Whether to note on the lock how terms ended. */
  readonly history: boolean;
  /** What a lock object that we create is deleted with; undefined: nothing. */
  readonly owner: convert.Owner | undefined;
  /** Where to answer probes and tell metrics; undefined: nowhere. */
  readonly listen: convert.ListenAddress | undefined;
  /** What the own Pod is labelled with while it leads; undefined: nothing. */
  readonly podLabel: convert.PodLabel | undefined;
  /** The file, as a path from the root, that tells CMD how long it surely leads; undefined: none. */
  readonly timeLeft: string | undefined;
  readonly logFormat: 'text' | 'json';
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Run the command without any election. */
  readonly disable: boolean;
  /** What is allowed but probably not meant, one line each. */
  readonly warnings: readonly string[];
  readonly command: readonly [string, ...string[]];
}

/** Checks what was given and how it fits together. @throws {UsageError} for the first thing that does not */
export function runOptions(given: Settings, command: readonly string[]): RunOptions {
  const disable = convert.isOn(given.disable);
  const place = placeOptions(given);
  const lock = disable ? (place.lock ?? '') : named(place.lock);
  const [program = '', ...args] = command;
  if (program === '')
    throw new UsageError(
      'no command to run',
      'add it after the flags: k8s-leader run --lock NAME -- CMD',
    );

  const timing = timingOf(given);
  const patience = patienceOf(given);
  const takeoverOnExit = takeoverOf(given, place.backend);
  return {
    ...place,
    lock,
    identity: read(given.identity, convert.identity, undefined),
    timing,
    takeoverOnExit,
    patience,
    conflictExitCode: read(given['conflict-exit-code'], convert.exitStatus, exitCode.conflict),
    stopSignal: read(given['stop-signal'], convert.stopSignal, 'SIGTERM'),
    stopTimeoutMs: read(given['stop-timeout'], convert.durationMs, 25_000),
    ...afterwards(given),
    onLost: choose(given['on-lost'], choices['on-lost']),
    guard: choose(given.guard, choices.guard),
    lostExitCode: read(given['lost-exit-code'], convert.exitStatus, exitCode.lost),
    requestTimeoutMs: read(
      given['request-timeout'],
      convert.durationMs,
      timing.renewDeadlineMs / 2,
    ),
    events: wantsEvents(given, place.backend),
    history: !convert.isOn(given['no-history']),
    listen: read(given.listen, convert.listenAddress, undefined),
    owner: ownerOf(given, place.backend),
    podLabel: podLabelOf(given, place.backend),
    timeLeft: read(given['time-left'], (setting) => resolve(convert.plainText(setting)), undefined),
    logFormat: choose(given['log-format'], choices['log-format']),
    logLevel: logLevelOf(given),
    disable,
    warnings: warningsOf({ timing, takeoverOnExit, patience, ...place }),
    command: [program, ...args],
  };
}

function podLabelOf(
  { 'pod-label': label }: Settings,
  backend: RunOptions['backend'],
): RunOptions['podLabel'] {
  if (label !== undefined && backend === 'local')
    throw new UsageError(`${label.from} does not work with --backend local`, 'leave one out');
  return read(label, convert.podLabel, undefined);
}

function takeoverOf(
  { 'takeover-on-exit': takeover }: Settings,
  backend: RunOptions['backend'],
): boolean {
  const isWanted = convert.isOn(takeover);
  if (takeover && isWanted && backend === 'local')
    throw new UsageError(`${takeover.from} does not work with --backend local`, 'leave one out');
  return isWanted;
}

function ownerOf({ owner }: Settings, backend: RunOptions['backend']): RunOptions['owner'] {
  if (owner !== undefined && backend === 'local')
    throw new UsageError(`${owner.from} does not work with --backend local`, 'leave one out');
  return read(owner, convert.owner, undefined);
}

function timingOf(given: Settings): Timing {
  const { 'lease-duration': lease, 'renew-deadline': renew, 'retry-period': retry } = given;
  const timing = {
    leaseDurationMs: read(lease, convert.durationMs, defaultTiming.leaseDurationMs),
    renewDeadlineMs: read(renew, convert.durationMs, defaultTiming.renewDeadlineMs),
    retryPeriodMs: read(retry, convert.durationMs, defaultTiming.retryPeriodMs),
  };
  const problem = timingProblem(timing);
  if (problem === undefined) return timing;
  const said = [lease, renew, retry].filter((setting) => setting !== undefined).map(show);
  const hint = 'by default --lease-duration is 15s, --renew-deadline 10s and --retry-period 2s';
  throw new UsageError(`${said.join(', ')}: ${problem}`, hint);
}

/** Best effort, so on by default; a local lock has no object to tell about. */
export function wantsEvents(
  { events, 'no-events': none }: Settings,
  backend: RunOptions['backend'],
): boolean {
  if (backend === 'local') return false;
  if (events && none) throw contradiction(events, none);
  return events ? convert.isOn(events) : !convert.isOn(none);
}

function patienceOf(given: Settings): Patience {
  const isTry = convert.isOn(given.try);
  if (given.wait === undefined) return { kind: isTry ? 'try' : 'forever' };
  if (isTry) throw contradiction(given.try, given.wait);
  return { kind: 'wait', waitMs: convert.durationMs(given.wait) };
}

function afterwards(given: Settings): Pick<RunOptions, 'once' | 'minHoldMs'> {
  const { once, 'min-hold': minHold } = given;
  // What is stored is stored with the release: who dies while holding would have done it for nothing.
  if (once && minHold) throw contradiction(once, minHold);
  return {
    once: read(once, convert.onceKey, undefined),
    minHoldMs: read(minHold, convert.durationMs, 0),
  };
}

function logLevelOf(given: Settings): RunOptions['logLevel'] {
  const isQuiet = convert.isOn(given.quiet);
  if (given['log-level'] === undefined) return isQuiet ? 'error' : 'info';
  if (isQuiet) throw contradiction(given.quiet, given['log-level']);
  return convert.choice(given['log-level'], choices['log-level']);
}

function contradiction(one: Setting | undefined, other: Setting): UsageError {
  return new UsageError(`${one?.from ?? ''} and ${other.from} exclude each other`, 'leave one out');
}

function warningsOf(
  options: Pick<RunOptions, 'timing' | 'takeoverOnExit' | 'patience' | 'lockKind'>,
): string[] {
  const { timing, takeoverOnExit, patience, lockKind } = options;
  const warnings = [timingWarning(timing)];
  const isShort = patience.kind === 'wait' && patience.waitMs < timing.leaseDurationMs;
  if (isShort && !takeoverOnExit)
    warnings.push(
      `a wait of ${formatDuration(patience.waitMs)} is shorter than the lease duration (${formatDuration(timing.leaseDurationMs)}): nobody can take over from a crashed leader in that time`,
    );
  if (lockKind.startsWith('endpoints'))
    warnings.push('Endpoints are deprecated since Kubernetes 1.33: use a Lease for a new lock');
  return warnings.filter((warning) => warning !== undefined);
}
