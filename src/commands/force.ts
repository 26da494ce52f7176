/**
 * `k8s-leader step-down --force`: the record of a dead holder is cleared, so that the next one need not wait for the end
 * of a lease that may last for years. A clear that hits a living leader lets two run for a moment; hence
 *
 *     look ──▶ wait for a sign of life, by the local clock ──▶ look: the same version? ──▶ ask ──▶ write on that version
 *
 * A leader renews well within its lease duration, and by default every 2 s: 10 s without a new version, and it is dead,
 * cut off, or another elector with unusually long periods. For those there is the question.
 */
import { formatDuration } from '../duration.ts';
import { withEnd } from '../election/history.ts';
import { bounded } from '../election/request.ts';
import type { LeaderRecord, Versioned } from '../election/lock.ts';
import { conflictError, lockError } from '../errors.ts';
import type { Sink } from '../observe/stderr.ts';
import { readSome } from '../platform/descriptors.ts';
import { quoted } from '../text.ts';
import { look, lookOptions, type LookPorts } from './follow.ts';

interface ForcePlan {
  readonly lock: string;
  readonly requestTimeoutMs: number;
}

interface ForcePorts extends LookPorts {
  /** Asks the person a yes-or-no question; undefined when nobody needs to be asked. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
}

const longestVigilMs = 10_000;

/** @throws {ExpectedError} 69, 75 or 77 */
export async function force(plan: ForcePlan, ports: ForcePorts): Promise<void> {
  const said = await clear(plan, ports).catch((thrown: unknown) => {
    throw lockError(plan.lock, thrown);
  });
  ports.stdout(said);
}

async function clear(plan: ForcePlan, ports: ForcePorts): Promise<string> {
  const { found: lock, clock, signal, stderr, confirm } = ports;
  const seen = await look(lookOptions(plan, ports));
  if (!seen?.record.holder) return 'nobody leads\n';
  const holder = quoted(seen.record.holder);
  const vigilMs = Math.min(seen.record.leaseDurationMs ?? Infinity, longestVigilMs);
  stderr(`k8s-leader: ${holder} ${lately(seen, clock.wall())}`);
  stderr(`k8s-leader: watching for renewals for ${formatDuration(vigilMs)}`);
  await clock.sleep(vigilMs, signal);
  const alive = conflictError(
    plan.lock,
    `its record has changed, so ${holder} is not dead, or another leads`,
    'leave out --force to ask it',
  );
  if ((await look(lookOptions(plan, ports)))?.version !== seen.version) throw alive;
  if (confirm && !(await confirm(`clear the record of ${holder}? Only if it is dead [y/N]`)))
    throw conflictError(plan.lock, 'nothing was done');
  const bound = { clock, boundMs: plan.requestTimeoutMs, signal };
  const freed = released(seen, clock.wall());
  const { kind } = await bounded(bound, (within) => lock.write(freed, seen, { signal: within }));
  if (kind === 'conflict') throw alive;
  return `the record of ${holder} has been cleared\n`;
}

function lately({ record: { renewTimeUs } }: Versioned, wallMs: number): string {
  if (renewTimeUs === undefined) return 'does not say when it last renewed';
  const agoMs = wallMs - renewTimeUs / 1_000;
  return agoMs >= 0
    ? `renewed ${formatDuration(agoMs)} ago by this machine's clock`
    : `dates its renewal ${formatDuration(-agoMs)} ahead of this machine's clock`;
}

/** As a leader writes it that hands over. */
function released({ record }: Versioned, wallMs: number): LeaderRecord {
  const nowUs = Math.floor(wallMs) * 1_000;
  const { transitions } = record;
  const history = withEnd(record, { ended: 'cleared' }, nowUs);
  return {
    holder: '',
    leaseDurationMs: 1_000,
    acquireTimeUs: nowUs,
    renewTimeUs: nowUs,
    transitions,
    ...(history ? { history } : {}),
  };
}

/** Asks on a terminal. Whatever is not a yes is a no. */
export async function confirm(question: string, stderr: Sink): Promise<boolean> {
  stderr(question);
  const answer = await readSome(0, 1_024);
  return /^y(es)?$/i.test(answer.toString().trim());
}
