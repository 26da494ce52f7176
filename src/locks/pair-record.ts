/**
 * What two objects say together.
 *
 *     neither exists ───────────────────────────▶ absent
 *     nobody holds either ──────────────────────▶ free; released only if none was emptied by force
 *     one is held, the other free or absent ────▶ held, and torn
 *     both are held in one term ────────────────▶ held; torn if they differ in more than the time of renewal
 *     both are held, by two or in two terms ────▶ held by somebody unknown, and torn
 *
 * It is never free, and never ours, as long as one of them belongs to somebody else, and lasts as long as the longest.
 *
 * A term shows the older of two renewals. While a renewal of ours is half-way both are records of ours, one acknowledged
 * and one outstanding, so either would do for us to know it. If a hand has put an old record into one of the objects, the
 * older is the one that is not ours.
 */
import type { LeaderRecord, Versioned } from '../election/lock.ts';
import {
  isClearedByForce,
  isFor,
  isFreed,
  isReleased,
  isSameTerm,
  recordAfter,
} from '../election/record.ts';
import { joinVersions } from '../election/version.ts';

/** As client-go's locks in two objects say it. */
const unknownHolder = 'leaderelection.k8s.io/unknown';

/** The latest that is known of each object. */
export interface Parts {
  readonly first: Versioned | undefined;
  readonly second: Versioned | undefined;
}

type Said = Pick<Versioned, 'record' | 'isTorn'>;

/** Both as one version of one lock; undefined when there is neither. */
export function combined(parts: Parts & { readonly first: Versioned }): Versioned;
export function combined(parts: Parts): Versioned | undefined;
export function combined(parts: Parts): Versioned | undefined {
  const [one, ...others] = [parts.first, parts.second].flatMap((part) => part?.record ?? []);
  if (!one) return undefined;
  const { first, second } = parts;
  const version = joinVersions([first?.version, second?.version]);
  const uid = joinVersions([first?.uid, second?.uid]);
  const said = saidBy(one, others[0]);
  const record = noted(said.record, [one, ...others]);
  return { ...said, ...emptiedOf(parts), record, version, origin: parts, uid };
}

function emptiedOf({ first, second }: Parts): Pick<Versioned, 'emptied'> {
  const versions = [first, second].map((part) =>
    part?.record.holder === '' && !isFreed(part.record) ? part.version : undefined,
  );
  return versions.some((version) => version !== undefined)
    ? { emptied: joinVersions(versions) }
    : {};
}

/** What a write on top of `basis` is to be based on, in each of the objects. */
export function partsOf(basis: Versioned | undefined): Parts {
  return basis ? (basis.origin as Parts) : { first: undefined, second: undefined };
}

/**
 * What to write into one of the objects. To change nothing but notes leaves the record of each as it is: while a renewal
 * is half-way, one of them is younger than what both say together.
 */
export function partRecord(
  record: LeaderRecord,
  part: Versioned | undefined,
  basis: Versioned | undefined,
): LeaderRecord {
  if (!part || !basis || !isSameRecord(record, basis.record)) return record;
  const { stepDown, done, history } = record;
  return { ...part.record, stepDown, done, history };
}

function isSameRecord(one: LeaderRecord, other: LeaderRecord): boolean {
  return (
    isSameTerm(one, other) &&
    one.renewTimeUs === other.renewTimeUs &&
    one.leaseDurationMs === other.leaseDurationMs &&
    one.transitions === other.transitions
  );
}

/** What stands beside it in either counts: half a write may have put it there. */
function noted(record: LeaderRecord, parts: readonly LeaderRecord[]): LeaderRecord {
  const stepDown = parts.find((part) => isFor(part.stepDown, record))?.stepDown;
  const done = [...new Set(parts.flatMap((part) => part.done ?? []))];
  return recordAfter({ ...record, stepDown, done, history: latestHistory(parts) }, undefined);
}

/** Half a write has put one term more into one of them. */
function latestHistory(parts: readonly LeaderRecord[]): LeaderRecord['history'] {
  const untilUs = ({ history }: LeaderRecord) => history?.at(-1)?.untilUs ?? -Infinity;
  return parts.reduce((one, other) => (untilUs(other) > untilUs(one) ? other : one)).history;
}

function saidBy(one: LeaderRecord, other: LeaderRecord | undefined): Said {
  const transitions = Math.max(one.transitions, other?.transitions ?? 0);
  const [held, alsoHeld] = [one, other].flatMap((record) => (record?.holder ? record : []));
  if (!held) return { record: { ...emptiest(one, other ?? one), transitions } };
  if (!alsoHeld) return { record: { ...held, transitions }, isTorn: true };
  const { leaseDurationMs } = held;
  const longest = { transitions, leaseDurationMs: longer(leaseDurationMs, alsoHeld) };
  if (!isSameTerm(held, alsoHeld)) {
    const renewTimeUs = Math.max(renewal(held), renewal(alsoHeld));
    const nobody = { holder: unknownHolder, acquireTimeUs: undefined };
    const isKnown = Number.isFinite(renewTimeUs);
    const record = { ...nobody, ...longest, renewTimeUs: isKnown ? renewTimeUs : undefined };
    return { record, isTorn: true };
  }
  const older = renewal(held) < renewal(alsoHeld) ? held : alsoHeld;
  const isTorn =
    held.transitions !== alsoHeld.transitions || leaseDurationMs !== alsoHeld.leaseDurationMs;
  return { record: { ...older, ...longest }, ...(isTorn ? { isTorn } : {}) };
}

/** Of two that nobody holds, the one that was not released, if there is one: what was promised by it still counts. */
function emptiest(one: LeaderRecord, other: LeaderRecord): LeaderRecord {
  if (!isReleased(other)) return other;
  return isReleased(one) && isClearedByForce(other) ? other : one;
}

/** What does not say how long it lasts leaves that to the other. */
function longer(durationMs: number | undefined, other: LeaderRecord): number | undefined {
  if (durationMs === undefined || other.leaseDurationMs === undefined)
    return durationMs ?? other.leaseDurationMs;
  return Math.max(durationMs, other.leaseDurationMs);
}

function renewal({ renewTimeUs }: LeaderRecord): number {
  return renewTimeUs ?? -Infinity;
}
