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
  description: 'Asks the leader to stop its command and hand over to another.',
  shared: placeFlags,
  about: {
    lock: 'lock whose leader to ask (required)',
    'request-timeout': 'timeout of one request (default: 5s)',
  },
  own: {
    wait: ['--wait <D>', 'wait up to D until another leads, or nobody'],
    force: ['--force', 'clear the record of a dead leader, after asking'],
    yes: ['-y, --yes', 'do not ask (with --force)'],
  },
  epilogue: `
Needs the verbs get and update on the lock, like a candidate. A k8s-leader
obeys at once, or at its next renewal if it cannot watch. Other electors ignore
the request. The old leader stands aside for one lease duration, or until
another has led.

--force first watches the record for renewals, for 10s or the lease duration,
whichever is shorter. It clears only the version it has shown.

Exit status:
  0      asked; with --wait: another leads, or nobody; with --force: cleared
  64     a flag or variable is invalid, or there is no terminal to ask on
  69     no usable cluster or lock file, or unreachable
  75     it still leads (--wait), is alive (--force), or you declined
  77     forbidden; the message names the missing rule

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
  if (yes && !force) throw new UsageError('--yes needs --force', 'leave it out');
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
