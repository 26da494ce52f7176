/** `k8s-leader status`: who leads. Looks, and writes nothing. */
import { placeFlags, readCommandLine, type Spelling } from '../cli/command-line.ts';
import * as convert from '../cli/conversions.ts';
import { choices, type Output } from '../cli/flags.ts';
import {
  choose,
  named,
  placeOptions,
  requestTimeoutMs,
  type PlaceOptions,
} from '../cli/place-options.ts';
import type { Environment } from '../cli/settings.ts';
import { systemClock } from '../clock.ts';
import type { Versioned } from '../election/lock.ts';
import { lockError, UsageError } from '../errors.ts';
import type { Exit } from '../exit-code.ts';
import { faultLine } from '../observe/describe.ts';
import { isTerminal } from '../platform/descriptors.ts';
import { printable } from '../text.ts';
import { userAgent, type Call } from './call.ts';
import { follow, look, lookOptions, type LookPorts } from './follow.ts';
import { asHistory, historyOf, type TermReport } from './status-history.ts';
import {
  asJson,
  asLine,
  asText,
  isSame,
  reportOn,
  type LockStatus,
  type Subject,
} from './status-report.ts';
import { locksTable } from './table.ts';
import { yamlOf } from './yaml.ts';

/** Which lock to look at, and how to show it. */
export interface StatusOptions extends PlaceOptions {
  readonly lock: string;
  readonly output: Output;
  /** Keep looking, and show every change. */
  readonly watch: boolean;
  /** Show the past terms, too. */
  readonly history: boolean;
  readonly requestTimeoutMs: number;
}

export const spelling: Spelling<'output' | 'watch' | 'history'> = {
  name: 'status',
  usage: '--lock NAME [options]',
  description: 'Shows who leads, since when and until when.',
  shared: placeFlags,
  about: {
    lock: 'lock to show (required)',
    'request-timeout': 'timeout of one request (default: 5s)',
  },
  own: {
    output: ['-o, --output <FORMAT>', 'text, wide, json or yaml (default: text)'],
    watch: ['-w, --watch', 'keep watching, and show every change'],
    history: ['--history', 'show the latest 20 terms that have ended, too'],
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
  k8s-leader status --lock nightly --history
  k8s-leader status --lock nightly -o json | jq -r .holder`,
};

/** @throws {UsageError} */
export function statusOptions(
  argv: readonly string[],
  env: Environment,
): StatusOptions | { readonly text: string } {
  const line = readCommandLine(spelling, argv, env);
  if (line.kind === 'text') return line;
  const { settings, own } = line;
  const place = placeOptions(settings);
  const lock = named(place.lock, 'add --lock NAME');
  const output = choose(own.output, choices.output);
  const [watch, history] = [convert.isOn(own.watch), convert.isOn(own.history)];
  if (watch && (output === 'yaml' || output === 'wide'))
    throw new UsageError(`-o ${output} does not work with --watch`, 'choose -o json');
  if (watch && history)
    throw new UsageError('--history does not work with --watch', 'leave one out');
  return {
    ...place,
    lock,
    output,
    watch,
    history,
    requestTimeoutMs: requestTimeoutMs(settings),
  };
}

export async function run({ argv, help, env, stdout, stderr, signal }: Call): Promise<Exit> {
  const options = statusOptions(argv, env);
  if ('text' in options) return help(options.text);
  const { openLock, onlyExisting } = await import('../locks/index.ts');
  const opened = await openLock({ ...options, env, userAgent }, signal);
  const { lock, backend } = options;
  const lockKind = backend === 'local' ? 'local' : options.lockKind;
  const ports: StatusPorts = {
    subject: { lock, namespace: opened.namespace, lockKind },
    found: await onlyExisting(opened.lock, { ...options, env }),
    clock: systemClock,
    signal,
    stdout,
    stderr,
    isTerminal: isTerminal(1),
  };
  try {
    await (options.watch ? watchStatus : showStatus)(options, ports);
  } finally {
    opened.close();
  }
  return { status: 0 };
}

interface StatusPorts extends LookPorts {
  readonly subject: Subject;
  /** Whether stdout is one: then what is shown is drawn anew instead of growing. */
  readonly isTerminal: boolean;
}

/** As often as a candidate looks. */
const pauseMs = 2_000;

/** One look. @throws {ExpectedError} 69 or 77 when there is nothing to see */
async function showStatus(options: StatusOptions, ports: StatusPorts): Promise<void> {
  const { subject, clock, stdout } = ports;
  const seen = await look(lookOptions(options, ports)).catch((thrown: unknown) => {
    throw lockError(options.lock, thrown);
  });
  const wallMs = clock.wall();
  const report = reportOn(subject, seen, wallMs);
  const history = options.history ? historyOf(seen) : undefined;
  stdout(await shown({ ...report, ...(history ? { history } : {}) }, options, wallMs));
}

type Shown = LockStatus & { readonly history?: readonly TermReport[] };

async function shown(report: Shown, { output }: StatusOptions, wallMs: number): Promise<string> {
  if (output === 'json') return asJson(report, 2);
  if (output === 'yaml') return yamlOf(report);
  const table = { withNamespace: false, isWide: true, wallMs };
  const now = output === 'wide' ? locksTable([report], table) : asText(report, wallMs);
  return report.history ? `${now}\n${asHistory(report.history)}` : now;
}

/** Look after look, until the signal. @throws {ExpectedError} 69 or 77 when there is nothing to see at first */
async function watchStatus(options: StatusOptions, ports: StatusPorts): Promise<void> {
  const { subject, clock, signal, stderr, isTerminal } = ports;
  let broken: (thrown: Error) => void = () => undefined;
  const whenBroken = new Promise<never>((_, reject) => (broken = reject));
  const stdout = (text: string) => {
    try {
      ports.stdout(text);
    } catch (thrown) {
      // Not a fault of the lock, in whose name it would be caught where this is called.
      broken(thrown as Error);
    }
  };
  const show = options.output === 'text' && isTerminal ? redrawing : telling;
  const present = show(options, { ...ports, stdout });
  const say = (text: string) => {
    stderr(`k8s-leader: ${printable(text)}`);
  };
  const warn = (text: string) => {
    say(`warning: ${text}`);
  };
  const following = follow(
    { ...lookOptions(options, ports), pauseMs },
    {
      see: (seen) => {
        present.show(reportOn(subject, seen, clock.wall()), seen);
      },
      outOfReach: (fault) => {
        warn(`cannot see the lock, retrying: ${faultLine(fault)}`);
      },
      inReach: () => {
        say('the lock can be seen again');
      },
      unwatched: (fault) => {
        warn(`cannot watch the lock, looking every 2s instead: ${faultLine(fault)}`);
      },
    },
  ).catch((thrown: unknown) => {
    throw thrown instanceof Error && thrown.name === 'LockFault'
      ? lockError(options.lock, thrown)
      : thrown;
  });
  await Promise.race([following, whenBroken, present.goOn(signal)]);
}

interface Presentation {
  readonly show: (report: LockStatus, seen: Versioned | undefined) => void;
  /** Settles, if at all, with what goes wrong while showing. */
  readonly goOn: (signal: AbortSignal) => Promise<void>;
}

/** A line a change. */
function telling({ output }: StatusOptions, { stdout }: StatusPorts): Presentation {
  let shown: LockStatus | undefined;
  return {
    show(report) {
      if (shown && isSame(shown, report)) return;
      shown = report;
      stdout(output === 'json' ? asJson(report) : asLine(report));
    },
    goOn: () => new Promise(() => undefined),
  };
}

/** The same place of the terminal, every second: what is said of times grows old. */
function redrawing(_: StatusOptions, { subject, clock, stdout }: StatusPorts): Presentation {
  const home = '\u001b[H\u001b[J';
  let latest: { readonly seen: Versioned | undefined } | undefined;
  const draw = () => {
    const wallMs = clock.wall();
    if (latest) stdout(home + asText(reportOn(subject, latest.seen, wallMs), wallMs));
  };
  return {
    show(_, seen) {
      latest = { seen };
      draw();
    },
    async goOn(signal) {
      while (!signal.aborted) {
        draw();
        await clock.sleep(1_000, signal);
      }
    },
  };
}
