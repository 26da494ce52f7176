/** What is written about metrics, and what there is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { instruments } from '../../src/observe/instruments.ts';
import { statusOf } from '../../src/observe/status.ts';
import { trusted, viewAfter } from './script.ts';

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

const metrics = instruments('worker').registry.getMetricsAsArray() as unknown as Metric[];
const names = metrics.map(({ name }) => name);
const read = (...path: string[]) =>
  readFileSync(join(import.meta.dirname, '../..', ...path), 'utf8');
const page = read('docs', 'observe.md');

/** All that looks like a metric of ours. */
function metricsNamedIn(text: string): string[] {
  const found = text.matchAll(/\b(?:k8s_leader|leader_election|process)_[a-z_]+[a-z]\b/g);
  return [...new Set([...found].map(([name]) => name.replace(/_(bucket|sum|count)$/, '')))];
}

it('docs/observe.md has every metric: its type, labels and help', () => {
  const rows = metrics.map((metric) => {
    const labels = metric.labelNames
      .filter((label) => label !== 'le')
      .map((label) => `\`${label}\``);
    const type = metric.constructor.name.toLowerCase();
    return `| \`${metric.name}\` | ${type} | ${labels.join(', ')} | ${metric.help} |`.replace(
      '|  |',
      '| |',
    );
  });
  const table = page
    .split('\n')
    .filter((line) => /^\| `(k8s_leader_|leader_election_|process_)/.test(line));
  expect(table.map((line) => line.replace(/ +/g, ' '))).toEqual(rows);
});

it('docs/observe.md has every field of /status', () => {
  const [, json = '{}'] = /### `\/status`\n\n```json\n(.*?)```/s.exec(page) ?? [];
  const shape = (value: object): unknown[] =>
    Object.entries(value).map(([key, inner]: [string, unknown]) =>
      inner !== null && typeof inner === 'object' ? [key, shape(inner)] : key,
    );
  const status = statusOf(viewAfter(['elected', 'started'], trusted));
  expect(shape(JSON.parse(json) as object).sort()).toEqual(shape(status).sort());
});

describe.each(['alerts.yaml', 'alerts.test.yaml', 'dashboard.json'])(
  'examples/monitoring/%s',
  (file) => {
    it('names no metric that does not exist', () => {
      const named = metricsNamedIn(read('examples', 'monitoring', file));
      expect(named.length).toBeGreaterThan(5);
      expect(named.filter((name) => !names.includes(name))).toEqual([]);
    });
  },
);

it('the dashboard shows every metric', () => {
  const shown = metricsNamedIn(read('examples', 'monitoring', 'dashboard.json'));
  expect(names.filter((name) => !shown.includes(name))).toEqual([]);
});

it('every alert has a test', () => {
  const alerts = [...read('examples', 'monitoring', 'alerts.yaml').matchAll(/- alert: (\w+)/g)];
  const tests = read('examples', 'monitoring', 'alerts.test.yaml');
  expect(alerts.map(([, name = '']) => name).filter((name) => !tests.includes(name))).toEqual([]);
});
