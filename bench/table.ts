/** Figures as Markdown. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = NaN, high = NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** The first column is words, the others are figures. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, column)).join(' | ')} |`;
  const rule = widths.map(
    (width, column) => '-'.repeat(width - (column && 1)) + (column ? ':' : ''),
  );
  return [line(heads), line(rule), ...rows.map(line)].join('\n');
}

/** What both sides came to in one respect, round by round. */
export interface Figure {
  readonly what: string;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  /** Behind the point; none by default. */
  readonly digits?: number;
}

/** Medians, the worst of several rounds in brackets; the ratio is that of the medians. */
export function comparison(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, ours, theirs, digits = 0 }) => {
    const cell = (values: readonly number[]) =>
      values.length === 0 ? '–' : medianAndWorst(values, digits);
    const ratio = median(ours) / median(theirs);
    return [
      what,
      ...[ours, theirs].map(cell),
      Number.isFinite(ratio) ? ratio.toFixed(2) : '–',
      `${String(ours.length)} / ${String(theirs.length)}`,
    ];
  });
  return table(['median (worst)', 'k8s-leader', 'client-go', 'ratio', 'rounds'], rows);
}

export function medianAndWorst(values: readonly number[], digits = 0): string {
  const middle = median(values).toFixed(digits);
  return values.length === 1 ? middle : `${middle} (${Math.max(...values).toFixed(digits)})`;
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Progress, which is not part of the result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
