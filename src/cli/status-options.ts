import { choices } from './choices.ts';
import { placeFlags, readCommandLine, type Spelling } from './command-line.ts';
import * as convert from './conversions.ts';
import type { Environment } from './environment.ts';
import { choose, named, placeOptions, read, type PlaceOptions } from './place-options.ts';

/** Which lock `status` is to look at, and how to say it. */
export interface StatusOptions extends PlaceOptions {
  readonly lock: string;
  readonly output: 'text' | 'json';
  /** Go on, and tell of every change. */
  readonly watch: boolean;
  readonly requestTimeoutMs: number;
}

type Own = 'output' | 'watch';

export const statusSpelling: Spelling<Own> = {
  name: 'status',
  usage: '--lock NAME [options]',
  description: 'Shows who leads, since when and until when.',
  shared: placeFlags,
  about: {
    lock: 'lock to show (required)',
    'request-timeout': 'timeout of one request (default: 5s)',
  },
  own: {
    output: ['-o, --output <FORMAT>', 'text, or json for scripts (default: text)'],
    watch: ['-w, --watch', 'keep watching, and show every change'],
  },
  epilogue: `
The holder reports the times. "expired" means its lease looks over by this
machine's clock. That is only a hint, because clocks differ. No standby relies
on it.

Exit status: 0 if the lock could be read, whether or not anybody leads.
  64     a flag or variable is invalid
  69     no usable cluster or lock file, or unreachable
  77     forbidden; the message names the missing rule

Examples:
  k8s-leader status --lock nightly --watch
  k8s-leader status --lock nightly -o json | jq -r .holder`,
};

/** @throws {UsageError} */
export function statusOptions(
  argv: readonly string[],
  env: Environment,
): StatusOptions | { readonly text: string } {
  const line = readCommandLine(statusSpelling, argv, env);
  if (line.kind === 'text') return line;
  const { settings, own } = line;
  const place = placeOptions(settings);
  const lock = named(place.lock, 'add --lock NAME');
  return {
    ...place,
    lock,
    output: choose(own.output, choices.output),
    watch: convert.isOn(own.watch),
    requestTimeoutMs: read(settings['request-timeout'], convert.durationMs, 5_000),
  };
}
