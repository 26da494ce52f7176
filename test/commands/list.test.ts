import { describe, expect, it, test } from 'vitest';
import { listOptions } from '../../src/commands/list.ts';
import { reportOn } from '../../src/commands/status-report.ts';
import { locksTable } from '../../src/commands/table.ts';
import { UsageError } from '../../src/errors.ts';
import { sampleRecord } from '../support/record.ts';

const wallMs = Date.parse('2026-01-01T12:00:00Z');
const record = {
  ...sampleRecord,
  holder: 'web-0',
  leaseDurationMs: 15_000,
  acquireTimeUs: (wallMs - 3_600_000) * 1_000,
  renewTimeUs: (wallMs - 2_000) * 1_000,
  transitions: 3,
};
const row = (lock: string, holder: string) => {
  const seen = { record: { ...record, holder }, version: '1', origin: undefined };
  return reportOn({ lock, namespace: 'jobs', lockKind: 'lease' }, seen, wallMs);
};
const rows = [row('mail', 'web-0'), row('sync', '')];

const table = (withNamespace: boolean, isWide: boolean) =>
  locksTable(rows, { withNamespace, isWide, wallMs });

test('the table has a line a lock, and no space at the end of one', () => {
  expect(table(false, false)).toBe(
    ['LOCK  STATE  HOLDER  HELD FOR', 'mail  held   web-0   1h', 'sync  free   -       -', ''].join(
      '\n',
    ),
  );
  expect(locksTable([], { withNamespace: false, isWide: false, wallMs })).toBe('no Leases\n');
});

test('with namespaces, and wide', () => {
  const [head, first] = table(true, true).split('\n');
  expect(head?.split(/ {2,}/)).toEqual([
    ...['NAMESPACE', 'LOCK', 'STATE', 'HOLDER', 'HELD FOR', 'RENEWED', 'DURATION', 'TRANSITIONS'],
  ]);
  expect(first?.split(/ {2,}/)).toEqual(['jobs', 'mail', 'held', 'web-0', '1h', '2s', '15s', '3']);
});

test('a holder of many words cannot break the table', () => {
  const broken = row('evil', `a\nb${'c'.repeat(300)}`);
  const text = locksTable([broken], { withNamespace: false, isWide: false, wallMs });
  expect(text.split('\n')).toHaveLength(3);
  expect(text.length).toBeLessThan(250);
});

describe('options', () => {
  it.each([
    [['-A'], { allNamespaces: true, output: 'text' }],
    [['-n', 'jobs', '-o', 'yaml'], { allNamespaces: false, namespace: 'jobs', output: 'yaml' }],
  ])('%j', (argv, meant) => {
    expect(listOptions(argv, {})).toMatchObject(meant);
  });

  it.each([[['-A', '-n', 'jobs']], [['-o', 'xml']], [['--lock', 'x']], [['x']]])(
    '%j is refused',
    (argv) => {
      expect(() => listOptions(argv, {})).toThrow(UsageError);
    },
  );
});
