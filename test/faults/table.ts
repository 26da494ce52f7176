/** What all rounds have come to, as a Markdown table. */
import type { Kind } from './bout.ts';
import type { Result } from './result.ts';

const columns: readonly (readonly [string, (results: readonly Result[]) => string])[] = [
  ['rounds', (results) => String(results.length)],
  ['faults', (results) => total(results, ({ faults }) => faults)],
  ['takeovers', (results) => total(results, ({ takeovers }) => takeovers)],
  ['overlaps', (results) => total(results, ({ overlaps }) => overlaps)],
  ['orphans', (results) => total(results, ({ orphans }) => orphans)],
  ['overwritten', (results) => total(results, ({ overwritten }) => overwritten)],
  ['gap after a release, ms', (results) => smallest(gaps(results, 'release'))],
  ['gap after a loss, ms', (results) => smallest(gaps(results, 'expiry'))],
  ['lived on after SIGKILL, ms', (results) => largest(results.map(({ lingeredMs }) => lingeredMs))],
  ['leader after healing, ms', (results) => largest(results.map(({ recoveredMs }) => recoveredMs))],
  ['silence, ms', (results) => largest(results.map(({ silentMs }) => silentMs))],
  ['failed', (results) => String(results.filter(({ problems }) => problems.length > 0).length)],
];

export function tableOf(results: readonly Result[]): string {
  const kinds = [...new Set(results.map(({ kind }) => kind))];
  const rowOf = (name: Kind | 'all', those: readonly Result[]): string =>
    row([name, ...columns.map(([, value]) => value(those))]);
  return [
    row(['kind', ...columns.map(([name]) => name)]),
    row(['---', ...columns.map(() => '---:')]),
    ...kinds.map((kind) =>
      rowOf(
        kind,
        results.filter((result) => result.kind === kind),
      ),
    ),
    rowOf('all', results),
  ].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function gaps(results: readonly Result[], after: 'release' | 'expiry'): number[] {
  return results.flatMap((result) =>
    result.gaps.filter((gap) => gap.after === after).map(({ ms }) => ms),
  );
}

function total(results: readonly Result[], of: (result: Result) => number): string {
  return String(results.reduce((sum, result) => sum + of(result), 0));
}

function smallest(values: readonly number[]): string {
  return values.length === 0 ? '–' : Math.min(...values).toFixed(0);
}

function largest(values: readonly number[]): string {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? '–' : Math.max(...known).toFixed(0);
}
