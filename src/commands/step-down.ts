/**
 * `k8s-leader step-down`: a wish on the lock object that names the term that is to end, so that no other follows it.
 *
 *     look ── nobody leads ──▶ done
 *      ▲ └── somebody does ──▶ write the wish on that version ── written ──▶ asked ── --wait ──▶ until its term is over
 *      └────────────────────────────── conflict ◀──┘
 */
import { bounded } from '../election/bounded.ts';
import type { Clock } from '../election/clock.ts';
import {
  asFault,
  type LeaderRecord,
  type Lock,
  type LockFault,
  type Versioned,
} from '../election/lock.ts';
import { isFor } from '../election/remarks.ts';
import { formatDuration } from '../duration.ts';
import { ExpectedError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';
import { faultLine } from '../observe/describe.ts';
import { printable } from '../observe/printable.ts';
import { follow, look, type LookOptions } from './follow.ts';

export interface StepDownPlan {
  readonly lock: string;
  /** How long to wait for it; undefined: not at all. */
  readonly waitMs: number | undefined;
  readonly requestTimeoutMs: number;
}

export interface StepDownPorts {
  readonly found: Lock;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly stdout: (text: string) => void;
  readonly stderr: (line: string) => void;
}

/** A leader writes once in a while, and may do so in between. */
const mostTries = 20;
const pauseMs = 100;
/** For a successor. A standby that cannot watch looks every two seconds unless told otherwise. */
const successionMs = 3_000;
/** Between looks where nothing can be watched. */
const longPauseMs = 500;

/** @throws {ExpectedError} 69, 75 or 77 */
export async function stepDown(plan: StepDownPlan, ports: StepDownPorts): Promise<void> {
  const asked = await ask(plan, ports).catch((thrown: unknown) => {
    throw failed(plan, thrown);
  });
  if (asked === undefined) {
    ports.stdout('nobody leads\n');
    return;
  }
  ports.stdout(`${quoted(asked)} has been asked to step down\n`);
  if (plan.waitMs !== undefined)
    ports.stdout(await waitFor(asked, { ...plan, waitMs: plan.waitMs }, ports));
}

/** Whom; undefined when there is nobody, or nobody any more. */
async function ask(plan: StepDownPlan, ports: StepDownPorts): Promise<LeaderRecord | undefined> {
  const { found: lock, clock, signal } = ports;
  let asked: LeaderRecord | undefined;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const seen = await look(lookOptions(plan, ports));
    if (!seen?.record.holder) return undefined;
    const { record } = seen;
    // Whoever leads by now has not been meant.
    if (asked && !isSameTerm(asked, record)) return asked;
    asked = record;
    if (isFor(record.wish, record)) return asked;
    if (seen.isTorn) {
      await clock.sleep(pauseMs, signal);
      continue;
    }
    const { holder, acquireTimeUs } = record;
    if (acquireTimeUs === undefined)
      throw refused(
        plan,
        `the record of ${quoted(record)} does not say when its term began`,
        others,
      );
    const wished = { ...record, wish: { holder, acquireTimeUs } };
    const bound = { clock, boundMs: plan.requestTimeoutMs, signal };
    const written = await bounded(bound, (within) => lock.write(wished, seen, { signal: within }));
    if (written.kind === 'conflict') continue;
    if (isFor(written.current.record.wish, wished)) return asked;
    throw refused(plan, 'it stores only the record', others);
  }
  throw refused(plan, 'others keep writing to it', 'try again');
}

/** What has come of it, in a line. @throws {ExpectedError} 69 or 75 when nothing has */
async function waitFor(
  asked: LeaderRecord,
  plan: StepDownPlan & { readonly waitMs: number },
  ports: StepDownPorts,
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
        successor = seen?.record.holder ? `${quoted(seen.record)} leads\n` : 'nobody leads\n';
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
  if (trouble) throw failed(plan, trouble);
  const message = `${quoted(asked)} has not stepped down within ${formatDuration(plan.waitMs)}`;
  throw refused(plan, message, others);
}

const others = 'only a live k8s-leader obeys; for a dead leader use --force';

export function isSameTerm(one: LeaderRecord, other: LeaderRecord): boolean {
  return one.holder === other.holder && one.acquireTimeUs === other.acquireTimeUs;
}

export function quoted({ holder }: Versioned['record']): string {
  return printable(JSON.stringify(holder.toWellFormed()));
}

export function lookOptions(
  { requestTimeoutMs }: Pick<StepDownPlan, 'requestTimeoutMs'>,
  { found: lock, clock, signal }: StepDownPorts,
): LookOptions {
  return { lock, clock, signal, requestTimeoutMs };
}

/** The lock is as it was. */
export function refused({ lock }: { lock: string }, message: string, hint?: string): ExpectedError {
  const how = hint === undefined ? {} : { hint };
  return new ExpectedError(exitCode.conflict, `lock ${JSON.stringify(lock)}: ${message}`, how);
}

export function failed({ lock }: { lock: string }, thrown: unknown): Error {
  if (thrown instanceof ExpectedError) return thrown;
  const { kind, hint, message } = asFault(thrown);
  const code = kind === 'denied' ? exitCode.denied : exitCode.unavailable;
  const how = hint === undefined ? {} : { hint };
  return new ExpectedError(code, `lock ${JSON.stringify(lock)}: ${message}`, how);
}
