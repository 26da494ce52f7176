/** What the hand-overs have come to, as a table in Markdown. */
import type { Pair } from './electors.ts';

export interface HandOver {
  readonly pair: Pair;
  readonly direction: 'foreign → ours' | 'ours → foreign';
  readonly end: 'graceful' | 'crash';
  /** From the last sign of the old leader's work to the first of the new one's; below 0: both at once. */
  readonly gapMs: number;
  /** The most that the new leader's own rules allow. */
  readonly boundMs: number;
}

export function handOverTable(all: readonly HandOver[]): string {
  const head = ['elector', 'lock', 'direction', 'end', 'hand-over ms', 'bound ms', 'overlap ms'];
  const rows = all.map(({ pair, direction, end, gapMs, boundMs }) => [
    ...[pair.elector.name, pair.kind, direction, end],
    ...[gapMs, boundMs, Math.max(0, -gapMs)].map(String),
  ]);
  rows.sort((a, b) => a.join('|').localeCompare(b.join('|')));
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}
