import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { asHistory, historyOf } from '../../src/commands/status-history.ts';
import { endings, type PastTerm } from '../../src/election/lock.ts';
import { sampleRecord } from '../support/record.ts';

const acquireTimeUs = 1_763_714_400_000_001;
const released: PastTerm = {
  holder: 'web-0',
  acquireTimeUs,
  untilUs: acquireTimeUs + 90_000_000,
  ended: 'released',
  exitStatus: 0,
};
const expired: PastTerm = { ...released, holder: 'web-1', untilUs: undefined, ended: 'expired' };

const reported = (...history: PastTerm[]) =>
  historyOf({ record: { ...sampleRecord, history }, version: '7', origin: undefined });

it('has the form that is promised, the latest term first', () => {
  expect(reported({ ...expired, exitStatus: undefined }, released)).toEqual([
    {
      holder: 'web-0',
      since: '2025-11-21T08:40:00.000Z',
      until: '2025-11-21T08:41:30.000Z',
      ended: 'released',
      exitStatus: 0,
    },
    {
      holder: 'web-1',
      since: '2025-11-21T08:40:00.000Z',
      until: null,
      ended: 'expired',
      exitStatus: null,
    },
  ]);
  expect(historyOf(undefined)).toEqual([]);
  expect(reported()).toEqual([]);
});

it('has the fields and the ends that docs/commands.md describes', () => {
  const docs = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
  const [, table = ''] = /## status --history\n(.*?)\n## /s.exec(docs) ?? [];
  const fields = [...table.matchAll(/^\| `([\w]+)` \| \w/gm)].map(([, field]) => field);
  expect(fields).toEqual(Object.keys(reported(released)[0]!));
  const [, ends = ''] = /^\| `ended` \|(.*)$/m.exec(table) ?? [];
  expect([...ends.matchAll(/`([\w-]+)`/g)].map(([, end]) => end)).toEqual([...endings]);
});

it('is a table with a line a term', () => {
  const [head, first, second, ...rest] = asHistory(reported(expired, released)).split('\n');
  expect(head?.split(/ {2,}/)).toEqual([
    ...['PAST HOLDER', 'SINCE', 'UNTIL', 'LED FOR', 'ENDED', 'EXIT STATUS'],
  ]);
  expect(first?.split(/ {2,}/)).toEqual([
    ...['web-0', '2025-11-21T08:40:00.000Z', '2025-11-21T08:41:30.000Z', '1m30s', 'released', '0'],
  ]);
  expect(second).toMatch(/^web-1 .* - +- +expired +0$/);
  expect(rest).toEqual(['']);
  expect(asHistory([])).toBe('no past terms are recorded\n');
});

it('is a table whatever the annotation says', () => {
  const hostile = { ...released, holder: `\u001b[2J\n\u202e${'x'.repeat(999)}\ud800` };
  const ages = {
    ...released,
    acquireTimeUs: 9_007_199_254_740_991,
    untilUs: -9_007_199_254_740_991,
  };
  const text = asHistory(reported(hostile, ages));
  expect(text).not.toMatch(/[^\n\P{C}]|[\p{Zl}\p{Zp}]/u);
  expect(text.split('\n')).toHaveLength(4);
  expect(text.length).toBeLessThan(800);
});
