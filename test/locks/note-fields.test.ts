/** Notes as annotations: what they look like, what is ignored, and that nothing else changes with them. */
import { describe, expect, it, test } from 'vitest';
import { formatRecord } from '../../src/locks/annotation-record.ts';
import { configMapLock, recordAnnotation } from '../../src/locks/annotation.ts';
import { leaseLock } from '../../src/locks/lease.ts';
import {
  doneAnnotation,
  historyAnnotation,
  notesIn,
  stepDownAnnotation,
  withNotes,
} from '../../src/locks/note-fields.ts';
import type { Call } from '../../src/kube/exchange.ts';
import type { Connection } from '../../src/kube/connection.ts';
import { sampleRecord } from '../support/record.ts';

const stepDown = { holder: 'größe"', acquireTimeUs: 1_763_714_400_000_001 };

it('writes what it reads, for people to write as well', () => {
  const annotations = withNotes({ other: 'x' }, { stepDown, done: ['v41', 'v42'] });
  expect(annotations).toEqual({
    other: 'x',
    'k8s-leader.dev/step-down':
      '{"holderIdentity":"größe\\"","acquireTime":"2025-11-21T08:40:00.000001Z"}',
    'k8s-leader.dev/once': '["v41","v42"]',
  });
  expect(notesIn(annotations)).toEqual({ stepDown, done: ['v41', 'v42'] });
  expect(withNotes(annotations, { stepDown, done: ['v41', 'v42'] })).toBe(annotations);
});

it('reads what has not changed only once', () => {
  const since = '2026-11-30T10:00:00.000001Z';
  const terms = [{ holder: 'a', since, until: since, ended: 'released', exitStatus: 0 }];
  const annotations = () => ({
    'k8s-leader.dev/history': JSON.stringify(terms),
    'k8s-leader.dev/once': '["v41"]',
  });
  const { history, done } = notesIn(annotations());
  expect(history).toHaveLength(1);
  expect(notesIn(annotations()).history).toBe(history);
  expect(notesIn(annotations()).done).toBe(done);
  terms.push({ ...terms[0]!, holder: 'b' });
  expect(notesIn(annotations()).history).toHaveLength(2);
});

describe('ignores', () => {
  test.each<unknown>([
    undefined,
    null,
    7,
    '',
    'x',
    '{',
    'null',
    '[]',
    '{}',
    '{"holderIdentity":7,"acquireTime":"2025-11-21T08:40:00.000001Z"}',
    '{"holderIdentity":"","acquireTime":"2025-11-21T08:40:00.000001Z"}',
    '{"holderIdentity":"a"}',
    '{"holderIdentity":"a","acquireTime":"yesterday"}',
    '[7,null,{}]',
    '["'.repeat(2_000),
  ])('%j, and leaves it there until there is something to write', (garbage) => {
    const annotations = { [stepDownAnnotation]: garbage, [doneAnnotation]: garbage };
    expect(notesIn(annotations)).toEqual({});
    expect(withNotes(annotations, {})).toBe(annotations);
    expect(notesIn(withNotes(annotations, { stepDown, done: ['k'] }))).toEqual({
      stepDown,
      done: ['k'],
    });
  });

  const term = { holder: 'a', since: '2025-11-21T08:40:00.000001Z', ended: 'released' };
  const acquireTimeUs = 1_763_714_400_000_001;
  const known = { holder: 'a', acquireTimeUs, untilUs: undefined, ended: 'released' };

  test.each<[annotation: unknown, terms: unknown]>([
    [[], undefined],
    [term, undefined],
    ['x', undefined],
    [[7, null, [], 'x'], undefined],
    [[{ ...term, holder: '' }], undefined],
    [[{ ...term, holder: 7 }], undefined],
    [[{ ...term, since: 'yesterday' }], undefined],
    [[{ ...term, since: undefined }], undefined],
    [[{ ...term, ended: 'bored' }], undefined],
    [[{ ...term, ended: 'toString' }], undefined],
    [[{ ...term, until: 'tomorrow', exitStatus: '0' }], [known]],
    [[{ ...term, exitStatus: 256 }], [known]],
    [[{ ...term, exitStatus: -1 }], [known]],
    [[{ ...term, exitStatus: 1.5 }], [known]],
    [[{ ...term, exitStatus: 255, more: 'fields' }], [{ ...known, exitStatus: 255 }]],
    [[{ ...term, holder: 'x'.repeat(9_999) }], [{ ...known, holder: 'x'.repeat(128) }]],
    [[null, term, 'x'], [known]],
    [Array.from({ length: 500 }, () => term), Array.from({ length: 20 }, () => known)],
  ])('in a history what is no term: %j', (annotation, terms) => {
    const annotations = { [historyAnnotation]: JSON.stringify(annotation) };
    expect(notesIn(annotations).history).toEqual(terms);
    expect(withNotes(annotations, notesIn(annotations))).toBe(annotations);
  });

  it('a history of any length or depth', () => {
    for (const garbage of ['['.repeat(100_000), `[${'{"a":'.repeat(50_000)}`, '\u0000', '[1']) {
      const annotations = { [historyAnnotation]: garbage };
      expect(notesIn(annotations)).toEqual({});
      const history = [{ ...known, ended: 'lost' }] as const;
      expect(notesIn(withNotes(annotations, { history }))).toEqual({ history });
    }
  });

  it('what is no word among keys, and all but the latest hundred', () => {
    const keys = Array.from({ length: 150 }, (_, n) => `k${n}`);
    const annotation = JSON.stringify([7, ...keys, null]);
    expect(notesIn({ [doneAnnotation]: annotation }).done).toEqual(keys.slice(50));
  });
});

describe('an object that is asked to step down is sent back as it was, but for the request to step down:', () => {
  const metadata = { name: 'job', uid: 'u', resourceVersion: '7', annotations: { a: 'b' } };

  /** What is sent when a request to step down is written on what the server has answered. */
  async function sent(lockIn: typeof leaseLock, object: object): Promise<unknown> {
    const calls: Call[] = [];
    const connection = {
      cluster: {},
      request(call: Call) {
        calls.push(call);
        return Promise.resolve({ status: 200, body: object });
      },
    } as unknown as Connection;
    const lock = lockIn({ connection, namespace: 'default', name: 'job' });
    const how = { signal: new AbortController().signal };
    const { record, ...basis } = (await lock.read(how))!;
    const { holder, acquireTimeUs = 0 } = record;
    const asked = { ...record, stepDown: { holder, acquireTimeUs } };
    await lock.write(asked, { record, ...basis }, how);
    return calls.at(-1)?.body;
  }

  const expected = (annotations: object) => ({
    ...metadata,
    annotations: {
      ...annotations,
      [stepDownAnnotation]:
        '{"holderIdentity":"other","acquireTime":"2026-11-21T09:00:00.000000Z"}',
    },
  });

  test('a Lease of another elector', async () => {
    const spec = {
      holderIdentity: 'other',
      acquireTime: '2026-11-21T10:00:00+01:00',
      renewTime: null,
      leaseDurationSeconds: 15,
      unknown: 'field',
    };
    const object = { kind: 'Lease', metadata, spec };
    expect(await sent(leaseLock, object)).toEqual({
      kind: 'Lease',
      spec,
      metadata: expected({ a: 'b' }),
    });
  });

  test('a ConfigMap of another elector, to the byte', async () => {
    const record =
      ' {"leaseDurationSeconds":"15", "holderIdentity":"other" ,"acquireTime":"2026-11-21T09:00:00Z"}';
    const annotations = { [recordAnnotation]: record };
    const object = { kind: 'ConfigMap', metadata: { ...metadata, annotations }, data: { k: 'v' } };
    expect(await sent(configMapLock, object)).toEqual({
      kind: 'ConfigMap',
      data: { k: 'v' },
      metadata: expected(annotations),
    });
    expect(formatRecord(sampleRecord, undefined)).not.toContain('k8s-leader');
  });
});
