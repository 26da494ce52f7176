/** What a lock says about leadership, for people and scripts. Pure. */
import { formatDuration } from '../duration.ts';
import type { Versioned } from '../election/lock.ts';
import { printable, printableJson } from '../text.ts';

/**
 * - `held`: somebody leads, as far as the record says
 * - `expired`: the record names a holder whose lease is over by the clock of this machine. A hint: clocks differ
 * - `free`: the object is there, and nobody holds it
 * - `absent`: there is no such object
 */
type LockState = 'held' | 'expired' | 'free' | 'absent';

/** The form of `-o json` is a promise: docs/commands.md describes it, and a test compares. Times are RFC 3339. */
export interface LockStatus {
  readonly lock: string;
  readonly namespace: string;
  /** What the record is in: `lease`, …, or `local`. */
  readonly lockKind: string;
  readonly state: LockState;
  /** Whom the record names. */
  readonly holder: string | null;
  /** When the holder's term began. */
  readonly since: string | null;
  /** The holder's latest sign of life. */
  readonly renewed: string | null;
  /** When the lease ends, unless it is renewed. */
  readonly until: string | null;
  readonly leaseDurationSeconds: number | null;
  readonly transitions: number | null;
  /** When this was read, by the clock of this machine; all other times are by that of the holder. */
  readonly checked: string;
}

/** What a status is about. */
export interface Subject {
  readonly lock: string;
  readonly namespace: string;
  readonly lockKind: string;
}

export function reportOn(
  { lock, namespace, lockKind }: Subject,
  seen: Versioned | undefined,
  wallMs: number,
): LockStatus {
  const { holder, leaseDurationMs, acquireTimeUs, renewTimeUs, transitions } = seen?.record ?? {};
  const isHeld = holder !== undefined && holder !== '';
  const untilMs = isHeld ? endOf(renewTimeUs, leaseDurationMs) : undefined;
  return {
    lock,
    namespace,
    lockKind,
    state: seen === undefined ? 'absent' : stateOf(isHeld, untilMs, wallMs),
    holder: isHeld ? holder.toWellFormed() : null,
    since: isHeld ? rfc3339(inMs(acquireTimeUs)) : null,
    renewed: isHeld ? rfc3339(inMs(renewTimeUs)) : null,
    until: rfc3339(untilMs),
    leaseDurationSeconds: isHeld && leaseDurationMs ? leaseDurationMs / 1_000 : null,
    transitions: transitions ?? null,
    checked: rfc3339(wallMs) ?? '',
  };
}

function stateOf(isHeld: boolean, untilMs: number | undefined, wallMs: number): LockState {
  if (!isHeld) return 'free';
  return untilMs !== undefined && untilMs <= wallMs ? 'expired' : 'held';
}

function endOf(renewTimeUs: number | undefined, durationMs: number | undefined) {
  const renewedMs = inMs(renewTimeUs);
  return renewedMs === undefined || durationMs === undefined ? undefined : renewedMs + durationMs;
}

function inMs(us: number | undefined): number | undefined {
  return us === undefined ? undefined : us / 1_000;
}

/** Null for what no four digits of a year can say: a record may say anything. */
export function rfc3339(ms: number | undefined): string | null {
  const time = new Date(ms ?? NaN);
  const year = time.getUTCFullYear();
  return year >= 0 && year <= 9_999 ? time.toISOString() : null;
}

/** Whether two say the same about who leads; a renewal is no change. */
export function isSame(one: LockStatus, other: LockStatus): boolean {
  const facts = ['state', 'holder', 'since', 'leaseDurationSeconds', 'transitions'] as const;
  return facts.every((fact) => one[fact] === other[fact]);
}

/** One status or several as JSON, on one line or, for a single look, on several. */
export function asJson(value: LockStatus | readonly LockStatus[], indent?: number): string {
  return `${printableJsonLines(JSON.stringify(value, undefined, indent))}\n`;
}

/** Line feeds are ours here: in a string JSON has them escaped. */
function printableJsonLines(json: string): string {
  return json.split('\n').map(printableJson).join('\n');
}

/** A line a fact. */
export function asText(status: LockStatus, wallMs: number): string {
  const { lock, namespace, lockKind, transitions } = status;
  const when = (time: string | null) =>
    time === null ? 'unknown' : `${time} (${relative(Date.parse(time) - wallMs)})`;
  const kind = lockKind === 'local' ? 'on this machine' : lockKind;
  const facts: [name: string, value: string][] = [
    ['lock', `${lock} (${kind}, namespace ${namespace})`],
    ['state', explained[status.state]],
  ];
  if (status.holder !== null)
    facts.push(
      ['holder', clipped(status.holder)],
      ['since', when(status.since)],
      ['renewed', when(status.renewed)],
      ['until', when(status.until)],
    );
  if (transitions !== null) facts.push(['transitions', String(transitions)]);
  return facts.map(([name, value]) => `${name.padEnd(13)}${printable(value)}\n`).join('');
}

const explained: Record<LockState, string> = {
  held: 'held',
  expired: "expired: the holder is silent by this machine's clock",
  free: 'free: nobody leads',
  absent: 'absent: no such object, so nobody has led yet',
};

/** A line a change. */
export function asLine(status: LockStatus): string {
  const { state, holder, since, until, transitions, checked } = status;
  const facts = [
    holder === null ? state : `${state} by ${JSON.stringify(clipped(holder))}`,
    since === null ? '' : `since ${since}`,
    state === 'expired' && until !== null ? `until ${until}` : '',
    transitions === null ? '' : `transitions ${String(transitions)}`,
  ];
  return `${checked}  ${printable(facts.filter(Boolean).join(', '))}\n`;
}

/** Anybody may have written it, at any length. */
function clipped(text: string): string {
  return text.length > 256 ? `${text.slice(0, 255)}…`.toWellFormed() : text;
}

function relative(ms: number): string {
  return ms > 0 ? `in ${formatDuration(ms)}` : `${formatDuration(-ms)} ago`;
}
