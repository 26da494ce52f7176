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

it('every alert links to its part of docs/alerts.md', () => {
  const alerts = read('examples', 'monitoring', 'alerts.yaml');
  const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
  const links = [...alerts.matchAll(/runbook_url: \S+\/docs\/alerts\.md#(\w+)/g)];
  expect(links.map(([, link]) => link)).toEqual(names.map((name) => name.toLowerCase()));
  const parts = [...read('docs', 'alerts.md').matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
  expect(parts).toEqual(names);
});

it('the Helm chart has the same alerts', () => {
  const ours = read('packaging', 'chart', 'files', 'alerts.yaml');
  expect(ours).toBe(read('examples', 'monitoring', 'alerts.yaml'));
});

describe('the dashboard', () => {
  const { panels } = JSON.parse(read('examples', 'monitoring', 'dashboard.json')) as {
    panels: {
      title: string;
      description?: string;
      targets: { expr: string }[];
      fieldConfig: object;
    }[];
  };

  it.each(panels.map((panel) => [panel.title, panel] as const))(
    '"%s" has a description, and is about the chosen namespaces and locks',
    (_, { description, targets }) => {
      expect(description?.length).toBeGreaterThan(20);
      for (const { expr } of targets)
        expect(expr).toContain('{namespace=~"$namespace", name=~"$name"');
    },
  );

  it('memory and processor have an axis each', () => {
    const panel = panels.find(({ title }) => title === 'Memory and processor');
    expect(panel?.fieldConfig).toMatchObject({
      defaults: { unit: 'bytes' },
      overrides: [
        {
          matcher: { id: 'byFrameRefID', options: 'B' },
          properties: expect.arrayContaining([
            { id: 'custom.axisPlacement', value: 'right' },
          ]) as unknown,
        },
      ],
    });
  });
});
