/** Rows of locks and of terms, as kubectl writes tables. Pure. */
import { formatDuration } from '../duration.ts';
import { printable } from '../text.ts';
import type { LockStatus } from './status-report.ts';

/** Its head, and what it says of a row. */
export type Column<Row> = readonly [head: string, cell: (row: Row) => string];

/** A line for the heads and one for each row. */
export function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = columns.map(([head, cell]) => {
    const all = [head, ...rows.map(cell)];
    const width = Math.max(...all.map((text) => text.length)) + 2;
    return all.map((text) => text.padEnd(width));
  });
  const lines = ['', ...rows].map((_, line) => cells.map((texts) => texts[line]).join(''));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

interface TableOptions {
  readonly withNamespace: boolean;
  readonly isWide: boolean;
  readonly wallMs: number;
}

/** One lock a line. */
export function locksTable(rows: readonly LockStatus[], options: TableOptions): string {
  if (rows.length === 0) return 'no Leases\n';
  const { withNamespace, isWide, wallMs } = options;
  const ago = (time: string | null) =>
    time === null ? '-' : formatDuration(Math.max(0, wallMs - Date.parse(time)));
  const columns: readonly Column<LockStatus>[] = [
    ...(withNamespace ? [column('NAMESPACE', ({ namespace }) => namespace)] : []),
    column('LOCK', ({ lock }) => lock),
    column('STATE', ({ state }) => state),
    column('HOLDER', ({ holder }) => (holder === null ? '-' : cellOf(holder))),
    column('HELD FOR', ({ since }) => ago(since)),
    ...(isWide ? wideColumns(ago) : []),
  ];
  return tableOf(columns, rows);
}

const column = (...all: Column<LockStatus>): Column<LockStatus> => all;

function wideColumns(ago: (time: string | null) => string): Column<LockStatus>[] {
  const inWords = (seconds: number | null) =>
    seconds === null ? '-' : formatDuration(seconds * 1_000);
  return [
    ['RENEWED', ({ renewed }) => ago(renewed)],
    ['DURATION', ({ leaseDurationSeconds }) => inWords(leaseDurationSeconds)],
    ['TRANSITIONS', ({ transitions }) => String(transitions ?? '-')],
  ];
}

/** Anybody may have written it, at any length. */
export function cellOf(text: string): string {
  return printable(text.length > 63 ? `${text.slice(0, 62)}…`.toWellFormed() : text);
}
