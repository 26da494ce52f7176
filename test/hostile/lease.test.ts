/** A Lease that anybody may have written, in the hands of the lock: read as a record, written back as it was. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Lock } from '../../src/election/lock.ts';
import { answerFault } from '../../src/kube/answer.ts';
import type { Call } from '../../src/kube/exchange.ts';
import { leaseLock } from '../../src/locks/lease.ts';
import { clusterAt, patiently } from '../kube/fixtures.ts';
import { json, objectLike, text } from './arbitraries.ts';
import { expectLockFault, expectRecord, outcomeOf } from './expectations.ts';
import { runs } from './runs.ts';
import { sampleRecord as record } from '../support/record.ts';

const ours = new Set([
  'holderIdentity',
  'leaseDurationSeconds',
  'acquireTime',
  'renewTime',
  'leaseTransitions',
]);

const word = fc.constantFrom('1', '99999999999999999999', 'u', 'ä\u0000');
const time = fc.constantFrom(
  '2025-11-21T08:40:00.000001Z',
  '9999-12-31T23:59:59.999999-23:59',
  '0000-01-01T00:00:00.000000Z',
  '2025-02-31T25:61:61Z',
);
const spec = objectLike({
  holderIdentity: text,
  leaseDurationSeconds: fc.double(),
  acquireTime: time,
  renewTime: time,
  leaseTransitions: fc.double(),
  strategy: fc.constantFrom('', null),
  preferredHolder: text,
  future: json,
});
const metadata = objectLike({
  uid: word,
  resourceVersion: word,
  labels: json,
  annotations: json,
  managedFields: json,
});
const lease = objectLike({ kind: text, metadata, spec, status: json, future: json });

/** A lock at a server that answers each call with the next of `bodies`, the last one again and again. */
function lockAt(bodies: unknown[], status = 200): { lock: Lock; calls: Call[] } {
  const calls: Call[] = [];
  const connection = {
    cluster: clusterAt('https://kube'),
    request: (call: Call) => {
      calls.push(call);
      const body = bodies.length > 1 ? bodies.shift() : bodies[0];
      return Promise.resolve({ status, headers: {}, body });
    },
    stream: () => Promise.reject(new Error('not asked for')),
    close: () => undefined,
  };
  return { lock: leaseLock({ connection, namespace: 'default', name: 'one' }), calls };
}

test('a Lease is read as a record or refused, and what is not ours survives the write', async () => {
  await fc.assert(
    fc.asyncProperty(lease, async (body) => {
      const before = JSON.stringify(body);
      const { lock, calls } = lockAt([body]);
      const read = await outcomeOf(lock.read({ signal: patiently() }));
      if ('thrown' in read) {
        expectLockFault(read.thrown);
        return;
      }
      const seen = read.value!;
      expectRecord(seen.record);
      expect((await outcomeOf(lock.write(record, seen, { signal: patiently() }))).value?.kind).toBe(
        'written',
      );
      const sent = JSON.parse(JSON.stringify(calls.at(-1)?.body)) as Record<string, unknown>;
      const was = JSON.parse(before) as Record<string, unknown>;
      expect({ ...sent, spec: foreign(sent['spec']) }).toEqual({
        ...was,
        spec: foreign(was['spec']),
      });
      // Nor is what was read changed by writing: it may be the basis of another write.
      expect(JSON.stringify(body)).toBe(before);
    }),
    runs(400),
  );
});

function foreign(spec: unknown): unknown {
  return Object.entries(spec as object).filter(([name]) => !ours.has(name));
}

test('a takeover counts on from any number without leaving what a Lease can hold', async () => {
  for (const leaseTransitions of [0, 2 ** 31 - 2, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, 2 ** 53]) {
    const body = { metadata: { uid: 'u', resourceVersion: '1' }, spec: { leaseTransitions } };
    const { lock, calls } = lockAt([body]);
    const seen = await lock.read({ signal: patiently() });
    const transitions = (seen?.record.transitions ?? 0) + 1;
    await lock.write({ ...record, transitions }, seen, { signal: patiently() });
    const sent = calls.at(-1)?.body as { spec: { leaseTransitions: number } };
    expect(sent.spec.leaseTransitions).toBeGreaterThanOrEqual(0);
    expect(sent.spec.leaseTransitions).toBeLessThan(2 ** 31);
  }
});

test('any Status, with any headers, is a fault of one line with a bounded wait', () => {
  const status = objectLike({
    kind: fc.constant('Status'),
    reason: text,
    message: text,
    details: objectLike({
      kind: fc.constantFrom('namespaces', 'leases'),
      causes: fc.array(objectLike({ reason: fc.constant('NamespaceTerminating') })),
      retryAfterSeconds: fc.double(),
    }),
  });
  const retryAfter = fc.oneof(
    fc.constantFrom('', ' ', '-0', '1e999', '0x10', 'Infinity', 'NaN', '9'.repeat(400)),
    fc.double().map(String),
    text,
  );
  const headers = fc.record({ 'retry-after': retryAfter }, { requiredKeys: [] });
  const action = { verb: 'update', apiGroup: 'g', resource: 'leases', namespace: 'n' } as const;
  fc.assert(
    fc.property(fc.oneof(status, json), fc.integer(), headers, (body, code, given) => {
      for (const each of [code, 200, 400, 401, 403, 404, 409, 422, 429, 500, 503]) {
        const answer = { status: each, headers: given, body };
        expectLockFault(answerFault(answer, action, clusterAt('https://kube')));
      }
    }),
    runs(400),
  );
});
