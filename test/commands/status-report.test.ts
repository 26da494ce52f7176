import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { asJson, asLine, asText, isSame, reportOn } from '../../src/commands/status-report.ts';
import type { LeaderRecord } from '../../src/election/lock.ts';
import { sampleRecord } from '../support/record.ts';

const subject = { lock: 'demo', namespace: 'jobs', lockKind: 'lease' };
const renewedMs = 1_763_714_412_345;

const report = (record: Partial<LeaderRecord> | undefined, wallMs = renewedMs + 1_000) =>
  reportOn(
    subject,
    record && { record: { ...sampleRecord, ...record }, version: '7', origin: undefined },
    wallMs,
  );

describe('the JSON', () => {
  it('has the form that is promised', () => {
    expect(JSON.parse(asJson(report({})))).toEqual({
      lock: 'demo',
      namespace: 'jobs',
      lockKind: 'lease',
      state: 'held',
      holder: 'me',
      since: '2025-11-21T08:40:00.000Z',
      renewed: '2025-11-21T08:40:12.345Z',
      until: '2025-11-21T08:40:27.345Z',
      leaseDurationSeconds: 15,
      transitions: 3,
      checked: '2025-11-21T08:40:13.345Z',
    });
  });

  it('has the fields that docs/commands.md describes, in that order', () => {
    const docs = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
    const [, table = ''] = /## status\n(.*?)\n## /s.exec(docs) ?? [];
    const described = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, field]) => field);
    expect(described).toEqual(Object.keys(report({})));
    const [, states = ''] = /^\| `state` \|(.*)$/m.exec(table) ?? [];
    const named = [...states.matchAll(/`(\w+)`/g)].map(([, state]) => state);
    expect(named).toEqual(['held', 'expired', 'free', 'absent']);
  });

  it('says null for what nobody knows', () => {
    expect(report(undefined)).toMatchObject({ state: 'absent', holder: null, transitions: null });
    const released = report({ holder: '', leaseDurationMs: 1_000 });
    const nothing = { since: null, renewed: null, until: null, leaseDurationSeconds: null };
    expect(released).toMatchObject({ state: 'free', holder: null, ...nothing, transitions: 3 });
    const vague = report({ leaseDurationMs: undefined, acquireTimeUs: undefined });
    expect(vague).toMatchObject({ state: 'held', since: null, until: null });
  });
});

it('the lease looks over when the clock here has passed its end', () => {
  expect(report({}, renewedMs + 14_999).state).toBe('held');
  expect(report({}, renewedMs + 15_001).state).toBe('expired');
  expect(report({ renewTimeUs: undefined }, renewedMs + 1e9).state).toBe('held');
});

describe('a change', () => {
  it('is no renewal, and not the passing of time', () => {
    expect(isSame(report({}), report({ renewTimeUs: renewedMs * 1_000 + 5 }))).toBe(true);
    expect(isSame(report({}), report({}, renewedMs + 2_000))).toBe(true);
  });

  test.each<[what: string, record: Partial<LeaderRecord>]>([
    ['another holder', { holder: 'you' }],
    ['another term of the same', { acquireTimeUs: 1 }],
    ['a release', { holder: '' }],
    ['another duration', { leaseDurationMs: 1_000 }],
  ])('is %s', (_, record) => {
    expect(isSame(report({}), report(record))).toBe(false);
  });
});

describe('the text', () => {
  it('is a line a fact', () => {
    expect(asText(report({}), renewedMs + 1_000)).toBe(
      `lock         demo (lease, namespace jobs)
state        held
holder       me
since        2025-11-21T08:40:00.000Z (13.3s ago)
renewed      2025-11-21T08:40:12.345Z (1s ago)
until        2025-11-21T08:40:27.345Z (in 14s)
transitions  3
`,
    );
  });

  it('is a line a change', () => {
    expect(asLine(report({}))).toBe(
      '2025-11-21T08:40:13.345Z  held by "me", since 2025-11-21T08:40:00.000Z, transitions 3\n',
    );
    expect(asLine(report(undefined))).toBe('2025-11-21T08:40:13.345Z  absent\n');
  });
});

/** Whatever somebody has put into the record, as far as a lock lets it through. */
const anyNumber = fc.option(fc.oneof(fc.maxSafeInteger(), fc.integer()), { nil: undefined });
const anyRecord = fc.record<LeaderRecord>({
  holder: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.constantFrom('\u001b[2J\u001b]0;owned\u0007', 'a\nb', '\u202egnp', '\ud800', '"}\n{"'),
    fc.constant('x'.repeat(100_000)),
  ),
  leaseDurationMs: anyNumber,
  acquireTimeUs: anyNumber,
  renewTimeUs: anyNumber,
  transitions: fc.maxSafeInteger(),
});
// eslint-disable-next-line no-control-regex
const steering = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;

it('no record breaks the terminal, the lines or the JSON', () => {
  fc.assert(
    fc.property(anyRecord, fc.nat(4e12), (record, wallMs) => {
      const said = report(record, wallMs);
      const line = asLine(said);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      const text = asText(said, wallMs);
      expect(text.split('\n').length).toBeLessThanOrEqual(8);
      const json = [asJson(said), asJson(said, 2)];
      for (const each of [line, text, ...json]) expect(each).not.toMatch(steering);
      expect(json[0]!.indexOf('\n')).toBe(json[0]!.length - 1);
      for (const each of json) expect(JSON.parse(each)).toEqual(said);
      for (const time of [said.since, said.renewed, said.until])
        if (time !== null) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(`${line}${text}`.length).toBeLessThan(10_000);
    }),
    { numRuns: 500 },
  );
});
