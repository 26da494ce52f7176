import { UsageError } from '../errors.ts';
import { placeFlags, readCommandLine, type Spelling } from './command-line.ts';
import * as convert from './conversions.ts';
import type { Environment } from './environment.ts';
import { named, placeOptions, read, type PlaceOptions } from './place-options.ts';

/** Whose leader is to step down, and how much is to be done about it. */
export interface StepDownOptions extends PlaceOptions {
  readonly lock: string;
  /** How long to wait for it; undefined: not at all. */
  readonly waitMs: number | undefined;
  /** Clear the record of a leader that is dead. */
  readonly force: boolean;
  /** Without asking. */
  readonly yes: boolean;
  readonly requestTimeoutMs: number;
}

type Own = 'wait' | 'force' | 'yes';

export const stepDownSpelling: Spelling<Own> = {
  name: 'step-down',
  usage: '--lock NAME [options]',
  description: 'Asks the leader to hand over: its command is stopped, then another leads.',
  shared: placeFlags,
  about: {
    lock: 'the lock whose leader is meant (required)',
    'request-timeout': 'bound on a request (default: 5s)',
  },
  own: {
    wait: ['--wait <D>', 'wait until another leads, or nobody, for D at most'],
    force: ['--force', 'clear the record of a leader that is dead, after asking'],
    yes: ['-y, --yes', 'with --force: do not ask'],
  },
  epilogue: `
Needs the verbs get and update on the lock, as a candidate does. A leader that
is a k8s-leader follows at once, or where it cannot watch, with its next
renewal; other electors never do. It stands aside for one lease duration, or
until another has led.

--force watches the record for a sign of life, for 10s or the lease duration if
that is shorter, and clears just the version it has shown.

Exit status:
  0      asked; with --wait: another leads, or nobody; with --force: cleared
  64     something is wrong with the flags, or there is no terminal to ask on
  69     no usable cluster or lock file, or out of reach
  75     it leads still (--wait), is alive (--force), or you said no
  77     the cluster forbids it; the message names the missing rule

Examples:
  k8s-leader step-down --lock my-app --wait 1m
  k8s-leader step-down --lock my-app --force`,
};

/** @throws {UsageError} */
export function stepDownOptions(
  argv: readonly string[],
  env: Environment,
): StepDownOptions | { readonly text: string } {
  const line = readCommandLine(stepDownSpelling, argv, env);
  if (line.kind === 'text') return line;
  const { settings, own } = line;
  const place = placeOptions(settings);
  const lock = named(place.lock, 'add --lock NAME');
  const [force, yes] = [convert.isOn(own.force), convert.isOn(own.yes)];
  if (yes && !force) throw new UsageError('--yes goes with --force alone', 'leave it out');
  if (force && own.wait !== undefined)
    throw new UsageError('--force and --wait exclude each other', 'leave one out');
  return {
    ...place,
    lock,
    waitMs: read(own.wait, convert.durationMs, undefined),
    force,
    yes,
    requestTimeoutMs: read(settings['request-timeout'], convert.durationMs, 5_000),
  };
}
