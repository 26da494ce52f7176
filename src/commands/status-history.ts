/** The past terms of a lock, for `status --history`. Pure. */
import { formatDuration } from '../duration.ts';
import type { PastTerm, Versioned } from '../election/lock.ts';
import { rfc3339 } from './status-report.ts';
import { cellOf, tableOf, type Column } from './table.ts';

/** The form of `-o json` is a promise: docs/commands.md describes it, and a test compares. */
export interface TermReport {
  readonly holder: string;
  readonly since: string | null;
  /** Null when nobody knows. */
  readonly until: string | null;
  readonly ended: PastTerm['ended'];
  /** Of a command, as a shell reports it; null when there is none. */
  readonly exitStatus: number | null;
}

/** The latest first. */
export function historyOf(seen: Versioned | undefined): TermReport[] {
  return [...(seen?.record.history ?? [])].reverse().map((term) => ({
    holder: term.holder.toWellFormed(),
    since: rfc3339(term.acquireTimeUs / 1_000),
    until: rfc3339(term.untilUs === undefined ? undefined : term.untilUs / 1_000),
    ended: term.ended,
    exitStatus: term.exitStatus ?? null,
  }));
}

export function asHistory(terms: readonly TermReport[]): string {
  return terms.length === 0 ? 'no past terms are recorded\n' : tableOf(columns, terms);
}

const columns: readonly Column<TermReport>[] = [
  ['PAST HOLDER', ({ holder }) => cellOf(holder)],
  ['SINCE', ({ since }) => since ?? '-'],
  ['UNTIL', ({ until }) => until ?? '-'],
  ['LED FOR', ({ since, until }) => lengthOf(since, until)],
  ['ENDED', ({ ended }) => ended],
  ['EXIT STATUS', ({ exitStatus }) => String(exitStatus ?? '-')],
];

/** By one clock as a rule; a hand may have written anything. */
function lengthOf(since: string | null, until: string | null): string {
  if (since === null || until === null) return '-';
  return formatDuration(Math.max(0, Date.parse(until) - Date.parse(since)));
}
