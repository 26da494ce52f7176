/** An annotation that anybody may have written, in the hands of the lock: read as a record, the rest written back as is. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Lock } from '../../src/election/lock.ts';
import type { Call } from '../../src/kube/exchange.ts';
import { parseRecord, unknownHolder } from '../../src/locks/annotation-record.ts';
import {
  configMapLock,
  endpointsLock,
  recordAnnotation,
  secretLock,
} from '../../src/locks/annotation.ts';
import type { ObjectLockOptions } from '../../src/locks/object-lock.ts';
import { clusterAt, patiently } from '../kube/fixtures.ts';
import { damaged, json, objectLike, text } from './arbitraries.ts';
import { expectLockFault, expectRecord, outcomeOf } from './expectations.ts';
import { runs } from './runs.ts';
import { sampleRecord as record } from '../support/record.ts';

const time = fc.constantFrom(
  '2025-11-21T08:40:00Z',
  '2025-11-21 08:40:00.000001',
  '2025-11-21 08:40:00+05:30',
  '9999-12-31T23:59:59.999999-23:59',
  '2025-02-31T25:61:61Z',
);
const number = fc.oneof(fc.double(), fc.double().map(String), fc.bigInt().map(String));
const fields = objectLike({
  holderIdentity: text,
  leaseDurationSeconds: number,
  acquireTime: time,
  renewTime: time,
  leaderTransitions: number,
  ownerReference: json,
});
const whole = fields.map((value) => JSON.stringify(value));
const annotation = fc.oneof(whole, damaged(whole), text);

const word = fc.constantFrom('1', '99999999999999999999', 'u', 'ä\u0000');
const object = objectLike({
  metadata: objectLike({
    uid: word,
    resourceVersion: word,
    labels: json,
    annotations: objectLike({ [recordAnnotation]: annotation, other: text }),
  }),
  data: json,
  subsets: json,
  type: text,
});

/** A lock at a server that answers every call with `body`. */
function lockAt(
  lockIn: (options: ObjectLockOptions) => Lock,
  body: unknown,
): { lock: Lock; calls: Call[] } {
  const calls: Call[] = [];
  const connection = {
    cluster: clusterAt('https://kube'),
    request: (call: Call) => {
      calls.push(call);
      return Promise.resolve({ status: 200, headers: {}, body });
    },
    stream: () => Promise.reject(new Error('not asked for')),
    close: () => undefined,
  };
  return { lock: lockIn({ connection, namespace: 'default', name: 'one' }), calls };
}

test('an annotation is a record, and free only if it says so', () => {
  fc.assert(
    fc.property(fc.oneof(annotation, json), (value) => {
      const read = parseRecord(value);
      expectRecord(read);
      if (read.holder !== '') return;
      // Nobody is known to hold it: nothing there, or a record without a holder.
      if (value === undefined || value === null || value === '') return;
      const said = JSON.parse(value as string) as { holderIdentity?: unknown };
      expect([undefined, null, '']).toContain(said.holderIdentity);
    }),
    runs(2_000),
  );
});

test('a record that was cut off anywhere is held by somebody unknown', () => {
  const go =
    '{"holderIdentity":"a","leaseDurationSeconds":15,"acquireTime":"2025-11-21T08:40:00Z",' +
    '"renewTime":"2025-11-21T08:40:12Z","leaderTransitions":3}';
  for (let length = 1; length < go.length; length++)
    expect(parseRecord(go.slice(0, length)).holder).toBe(unknownHolder);
});

test.each([
  ['ConfigMap', configMapLock],
  ['Endpoints', endpointsLock],
  ['Secret', secretLock],
])('a %s is read or refused, and what is not ours survives the write', async (_, lockIn) => {
  await fc.assert(
    fc.asyncProperty(object, async (body) => {
      const before = JSON.stringify(body);
      const { lock, calls } = lockAt(lockIn, body);
      const read = await outcomeOf(lock.read({ signal: patiently() }));
      if ('thrown' in read) {
        expectLockFault(read.thrown);
        return;
      }
      expectRecord(read.value!.record);
      const write = lock.write(record, read.value, { signal: patiently() });
      expect((await outcomeOf(write)).value?.kind).toBe('written');
      const sent = JSON.parse(JSON.stringify(calls.at(-1)?.body)) as Parameters<typeof foreign>[0];
      expect(parseRecord(sent.metadata.annotations?.[recordAnnotation])).toEqual(record);
      expect(foreign(sent)).toEqual(foreign(JSON.parse(before) as typeof sent));
      expect(JSON.stringify(body)).toBe(before);
    }),
    runs(300),
  );
});

/** Everything but the record. */
function foreign(whole: { metadata: { annotations?: Record<string, unknown> | null } }): unknown {
  const { annotations, ...metadata } = whole.metadata;
  const others = Object.entries(annotations ?? {}).filter(([name]) => name !== recordAnnotation);
  return { ...whole, metadata: { ...metadata, annotations: others } };
}
