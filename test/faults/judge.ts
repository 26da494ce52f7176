/**
 * What must be true of every round, from what the commands have recorded of their lives, every version of the Lease,
 * and how the candidates ended. Says only what is certain: a version that we heard of late is no proof of anything.
 */
import type { LogLine } from '../cluster/support/candidate.ts';
import { isReleased, type LeaseSpec } from '../cluster/support/lease.ts';
import type { Bout } from './bout.ts';
import type { Contender } from './contender.ts';
import type { Family } from './families.ts';
import { stranger } from './foreign-hand.ts';
import type { Version } from './lease-history.ts';

/** A version may be heard of so late. The candidates' own times tell it exactly, a foreign hand's tell nothing. */
const lateMs = 300;

/** From the last sign of all families before it to the first sign of a family; negative: they overlapped. */
export interface Gap {
  readonly ms: number;
  /** Whether the lock was handed over, or had to be waited for. */
  readonly after: 'release' | 'expiry';
}

export function gapsOf(families: readonly Family[], history: readonly Version[]): Gap[] {
  return families.slice(1).map(({ firstMs, token }, index) => {
    const lastMs = Math.max(...families.slice(0, index + 1).map((family) => family.lastMs));
    const won = history.findIndex(({ version }) => version === token);
    const before = won > 0 ? history[won - 1]?.spec : undefined;
    return { ms: firstMs - lastMs, after: before && isReleased(before) ? 'release' : 'expiry' };
  });
}

export function overlaps(families: readonly Family[], gaps: readonly Gap[]): string[] {
  return gaps.flatMap(({ ms }, index) =>
    ms >= 0
      ? []
      : [
          `two commands ran at once for ${(-ms).toFixed(1)} ms: ${families[index + 1]!.token} began too early`,
        ],
  );
}

/** A record may be replaced when its holder has released it or when its own duration has passed. */
export function overwritten(
  history: readonly Version[],
  { foreign }: Pick<Bout, 'foreign'>,
): string[] {
  return history.slice(1).flatMap((next, index) => {
    const version = history[index]!;
    if (!version.spec || !next.spec || next.afterHole || foreign.has(next.version)) return [];
    const { holderIdentity, leaseDurationSeconds } = version.spec;
    const isForeign = foreign.has(version.version);
    // A leader that restores what a foreign hand has changed would look like one who takes it.
    if (!holderIdentity || (isForeign && holderIdentity !== stranger)) return [];
    if (!next.spec.holderIdentity)
      return isForeign ? [`${next.version} emptied the record of a stranger`] : [];
    if (!isTakeover(version.spec, next.spec) || !leaseDurationSeconds) return [];
    const heardMs = next.heardMs - version.heardMs;
    const waitedMs = isForeign
      ? heardMs + lateMs
      : Math.max(heardMs, renewedMs(next.spec) - renewedMs(version.spec));
    if (waitedMs >= leaseDurationSeconds * 1_000 - 1) return [];
    const taken = `${next.version} took the record of ${holderIdentity}`;
    return [`${taken} after ${waitedMs.toFixed(0)} ms, it was good for ${leaseDurationSeconds} s`];
  });
}

function isTakeover(before: LeaseSpec, after: LeaseSpec): boolean {
  const hasMoved = (after.leaseTransitions ?? 0) > (before.leaseTransitions ?? 0);
  return before.holderIdentity !== after.holderIdentity || hasMoved;
}

function renewedMs({ renewTime }: LeaseSpec): number {
  return Date.parse(renewTime ?? '');
}

/** When we heard of a release, nothing of the family before it may have been alive. */
export function releasedTooEarly(
  families: readonly Family[],
  history: readonly Version[],
): string[] {
  return history.flatMap(({ version, spec, heardMs }) => {
    if (!spec || !isReleased(spec)) return [];
    const before = families.filter(({ token }) => token < version);
    return before
      .filter(({ lastMs }) => lastMs > heardMs)
      .map(
        ({ token, lastMs }) =>
          `${token} was alive ${(lastMs - heardMs).toFixed(1)} ms after its release`,
      );
  });
}

/** Where no foreign hand is at work, a record that has to be restored was changed by one of us. */
export function restored(bout: Bout): string[] {
  if (bout.kind === 'foreign hand') return [];
  return bout.contenders.flatMap(({ name, candidate }) =>
    candidate.log
      .filter(({ event }) => event === 'restored')
      .map(({ message }) => `${name}: ${message}`),
  );
}

type Told = LogLine & { readonly code?: number; readonly signal?: string };

/** Why it should not have ended as it did; undefined when all is well. */
export function unexpectedEnd({
  name,
  candidate,
  end,
  killedAtMs,
  signals,
}: Contender): string | undefined {
  if (!end) return `${name} has not ended`;
  if (end.signal === 'SIGKILL' && killedAtMs !== undefined) return undefined;
  const log = candidate.log as readonly Told[];
  // Node's handlers stand some milliseconds after its birth, and go some before its end.
  const lastTold = log.at(-1)?.event;
  const isComingOrGoing = [undefined, 'warning', 'standing-by', 'release'].includes(lastTold);
  if (end.signal === 'SIGTERM' && signals.has('SIGTERM') && isComingOrGoing) return undefined;
  const exited = log.findLast(({ event }) => event === 'exited');
  const allowed = new Set<number>();
  if (exited?.code !== undefined) allowed.add(exited.code);
  if (exited?.signal === 'SIGTERM') allowed.add(143);
  if (exited?.signal === 'SIGKILL') allowed.add(137);
  if (hasLost({ candidate, signals })) allowed.add(79);
  if (
    signals.has('SIGTERM') &&
    log.findLast(({ event }) => event === 'started' || event === 'exited')?.event !== 'started'
  )
    allowed.add(143);
  if (end.code !== null && allowed.has(end.code)) return undefined;
  const how = end.signal ?? String(end.code);
  return `${name} ended with ${how}, expected ${[...allowed].join(' or ') || 'nothing of the kind'}`;
}

/** Who slept through the end of a term hears of its command's end first, and says no more of the loss. */
function hasLost({
  candidate: { log },
  signals,
}: Pick<Contender, 'candidate' | 'signals'>): boolean {
  const release = log.findLast(({ event }) => event === 'release');
  const isDenied = release !== undefined && release.message !== 'released';
  return log.some(({ event }) => event === 'lost') || signals.has('SIGSTOP') || isDenied;
}
