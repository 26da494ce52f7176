/** What Prometheus' own tool thinks of the metrics and alerts. */
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { probe, urlOf } from '../process/support/http.ts';
import { signalPrinter, test } from '../process/support/stage.ts';
import { promtool, verdictOf } from '../promtool/promtool.ts';

const example = (file: string): string =>
  join(import.meta.dirname, '../../examples/monitoring', file);

let tool: string;
beforeAll(async () => {
  tool = await promtool();
});

test('promtool finds nothing in the metrics of a leader', async ({ stage, expect }) => {
  const flags = ['--listen', '127.0.0.1:0', '--retry-period', '0.1'];
  const leader = stage.run(signalPrinter(1), { flags });
  await leader.line(/^ready$/);
  const { body } = await probe(await urlOf(leader), '/metrics');
  expect(body).toContain('leader_election_master_status{name="job"} 1');
  expect(await verdictOf(tool, ['check', 'metrics'], `${body}\n`)).toEqual({ status: 0, said: '' });
});

test('the alerts are rules', async ({ expect }) => {
  const verdict = await verdictOf(tool, ['check', 'rules', example('alerts.yaml')]);
  expect(verdict).toMatchObject({ status: 0 });
  expect(verdict.said).not.toMatch(/warning|duplicate/i);
});

test('the alerts ring when they should, and only then', async ({ expect }) => {
  const verdict = await verdictOf(tool, ['test', 'rules', example('alerts.test.yaml')]);
  expect(verdict, verdict.said).toMatchObject({ status: 0 });
});
