/**
 * `k8s-leader step-down`: a request on the lock object. It names the term that should end, so no other leader
 * follows it.
 *
 *     look ── nobody leads ──▶ done
 *      ▲ └── somebody does ──▶ write the request on that version ── written ──▶ asked ── --wait ──▶ until its term is over
 *      └────────────────────────────── conflict ◀──┘
 */
import { placeFlags, readCommandLine, type Spelling } from '../cli/command-line.ts';
import * as convert from '../cli/conversions.ts';
import {
  named,
  placeOptions,
  read,
  requestTimeoutMs,
  type PlaceOptions,
} from '../cli/place-options.ts';
import type { Environment } from '../cli/settings.ts';
import { systemClock } from '../clock.ts';
import { formatDuration } from '../duration.ts';
import { bounded } from '../election/request.ts';
import { asFault, type LeaderRecord, type LockFault } from '../election/lock.ts';
import { isFor, isSameTerm } from '../election/record.ts';
import { conflictError, lockError, UsageError } from '../errors.ts';
import type { Exit } from '../exit-code.ts';
import { faultLine } from '../observe/describe.ts';
import { isTerminal } from '../platform/descriptors.ts';
import { printable, quoted } from '../text.ts';
import { userAgent, type Call } from './call.ts';
import { follow, look, lookOptions, type LookPorts } from './follow.ts';
import { confirm, force } from './force.ts';

/** Which leader to ask, and whether to force it. */
export interface StepDownOptions extends PlaceOptions {
  readonly lock: string;
  /** How long to wait for it; undefined: not at all. */
  readonly waitMs: number | undefined;
  /** Clear the record of a leader that is dead. */
  readonly force: boolean;
  /** Do not ask the person. */
  readonly yes: boolean;
  readonly requestTimeoutMs: number;
}

export const spelling: Spelling<'wait' | 'force' | 'yes'> = {
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
  const line = readCommandLine(spelling, argv, env);
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
    requestTimeoutMs: requestTimeoutMs(settings),
  };
}

export async function run({ argv, help, env, stdout, stderr, signal }: Call): Promise<Exit> {
  const options = stepDownOptions(argv, env);
  if ('text' in options) return help(options.text);
  const isAsked = options.force && !options.yes;
  if (isAsked && !(isTerminal(0) && isTerminal(2)))
    throw new UsageError('--force asks first, and there is no terminal to ask on', 'add --yes');
  const { openLock, onlyExisting } = await import('../locks/index.ts');
  const opened = await openLock({ ...options, env, userAgent }, signal);
  const found = await onlyExisting(opened.lock, { ...options, env });
  const ports = { found, clock: systemClock, signal, stdout, stderr };
  try {
    if (options.force) {
      const ask = (question: string) => confirm(question, stderr);
      await force(options, { ...ports, confirm: isAsked ? ask : undefined });
    } else await stepDown(options, ports);
  } finally {
    opened.close();
  }
  return { status: 0 };
}

type StepDownPlan = Pick<StepDownOptions, 'lock' | 'waitMs' | 'requestTimeoutMs'>;

/** A leader writes once in a while, and may do so in between. */
const mostTries = 20;
const pauseMs = 100;
/** For a successor. A standby that cannot watch looks every two seconds unless told otherwise. */
const successionMs = 3_000;
/** Between looks where nothing can be watched. */
const longPauseMs = 500;

/** @throws {ExpectedError} 69, 75 or 77 */
export async function stepDown(plan: StepDownPlan, ports: LookPorts): Promise<void> {
  const asked = await ask(plan, ports).catch((thrown: unknown) => {
    throw lockError(plan.lock, thrown);
  });
  if (asked === undefined) {
    ports.stdout('nobody leads\n');
    return;
  }
  ports.stdout(`${quoted(asked.holder)} has been asked to step down\n`);
  if (plan.waitMs !== undefined)
    ports.stdout(await waitFor(asked, { ...plan, waitMs: plan.waitMs }, ports));
}

/** Whom; undefined when there is nobody, or nobody any more. */
async function ask(plan: StepDownPlan, ports: LookPorts): Promise<LeaderRecord | undefined> {
  const { found: lock, clock, signal } = ports;
  let asked: LeaderRecord | undefined;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const seen = await look(lookOptions(plan, ports));
    if (!seen?.record.holder) return undefined;
    const { record } = seen;
    // Another leads by now, and nobody asked that one to step down.
    if (asked && !isSameTerm(asked, record)) return asked;
    asked = record;
    if (isFor(record.stepDown, record)) return asked;
    if (seen.isTorn) {
      await clock.sleep(pauseMs, signal);
      continue;
    }
    const { holder, acquireTimeUs } = record;
    if (acquireTimeUs === undefined)
      throw conflictError(
        plan.lock,
        `the record of ${quoted(record.holder)} does not say when its term began`,
        others,
      );
    const request = { ...record, stepDown: { holder, acquireTimeUs } };
    const bound = { clock, boundMs: plan.requestTimeoutMs, signal };
    const written = await bounded(bound, (within) => lock.write(request, seen, { signal: within }));
    if (written.kind === 'conflict') continue;
    if (isFor(written.current.record.stepDown, request)) return asked;
    throw conflictError(plan.lock, 'it stores only the record', others);
  }
  throw conflictError(plan.lock, 'others keep writing to it', 'try again');
}

/** What has come of it, in a line. @throws {ExpectedError} 69 or 75 when nothing has */
async function waitFor(
  asked: LeaderRecord,
  plan: StepDownPlan & { readonly waitMs: number },
  ports: LookPorts,
): Promise<string> {
  const { clock, signal, stderr } = ports;
  const over = new AbortController();
  const end = () => {
    over.abort();
  };
  signal.addEventListener('abort', end);
  let successor: string | undefined;
  let trouble: LockFault | undefined;
  const following = follow(
    { ...lookOptions(plan, ports), signal: over.signal, pauseMs: longPauseMs },
    {
      see: (seen) => {
        if (seen && isSameTerm(asked, seen.record)) return;
        const isVacant = successor !== undefined;
        successor = seen?.record.holder
          ? `${quoted(seen.record.holder)} leads\n`
          : 'nobody leads\n';
        if (seen?.record.holder) end();
        // Between two leaders there is nobody for a moment, which nobody has asked about.
        else if (!isVacant) void clock.sleep(successionMs, over.signal).then(end);
      },
      outOfReach: (fault) => {
        trouble = fault;
        stderr(`k8s-leader: warning: ${printable(`cannot see the lock: ${faultLine(fault)}`)}`);
      },
      inReach: () => (trouble = undefined),
      unwatched: () => undefined,
    },
  ).catch((thrown: unknown) => {
    if (!over.signal.aborted) trouble = asFault(thrown);
    end();
  });
  await clock.sleep(plan.waitMs, over.signal);
  end();
  await following;
  signal.removeEventListener('abort', end);
  if (successor !== undefined) return successor;
  if (trouble) throw lockError(plan.lock, trouble);
  const message = `${quoted(asked.holder)} has not stepped down within ${formatDuration(plan.waitMs)}`;
  throw conflictError(plan.lock, message, others);
}

const others = 'only a live k8s-leader obeys; for a dead leader use --force';
