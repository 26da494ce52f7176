import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { LockFault, type LeaderRecord, type Lock } from '../../src/election/lock.ts';
import type { Connection } from '../../src/kube/connection.ts';
import { leaseLock } from '../../src/locks/lease.ts';
import { clusterAt, patiently, test, token } from '../kube/fixtures.ts';
import type { Json } from '../kube/lease-store.ts';
import { objectLockContract } from './object-contract.ts';

objectLockContract('a Lease', 'leases', leaseLock);

const record: LeaderRecord = {
  holder: 'web-0_2f6b',
  leaseDurationMs: 15_000,
  acquireTimeUs: 1_763_714_400_000_001,
  renewTimeUs: 1_763_714_412_345_678,
  transitions: 3,
};
const nobody: LeaderRecord = {
  holder: '',
  leaseDurationMs: undefined,
  acquireTimeUs: undefined,
  renewTimeUs: undefined,
  transitions: 0,
};

const it = test.extend<{ lock: Lock }>({
  lock: async ({ connection }, use) => {
    await use(leaseLock({ connection, namespace: 'default', name: 'one' }));
  },
});

const bounded = () => ({ signal: patiently() });

async function faultOf(promise: Promise<unknown>): Promise<LockFault> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(LockFault);
  const fault = thrown as LockFault;
  expect(fault.message + (fault.hint ?? '')).not.toContain(token);
  expect(fault.message).not.toMatch(/\n/);
  return fault;
}

describe('a Lease on the wire', () => {
  it('has times of six digits, whole seconds and no null', async ({ server, lock }) => {
    await lock.write(record, undefined, bounded());
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/apis/coordination.k8s.io/v1/namespaces/default/leases',
      body: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'one', namespace: 'default' },
        spec: {
          holderIdentity: 'web-0_2f6b',
          leaseDurationSeconds: 15,
          acquireTime: '2025-11-21T08:40:00.000001Z',
          renewTime: '2025-11-21T08:40:12.345678Z',
          leaseTransitions: 3,
        },
      },
    });
    const basis = await lock.read(bounded());
    await lock.write(nobody, basis, bounded());
    expect(server.leases.get('one')?.['spec']).toEqual({ holderIdentity: '', leaseTransitions: 0 });
  });

  it('is updated by one PUT with the version and the uid of its basis', async ({
    server,
    lock,
  }) => {
    const stored = server.leases.put('one', { spec: {} });
    const basis = await lock.read(bounded());
    await lock.write(record, basis, bounded());
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'PUT']);
    expect(server.requests[1]).toMatchObject({ body: { metadata: stored['metadata'] } });
  });

  it('keeps every byte that is not the record', async ({ server, lock }) => {
    const foreign = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        labels: { team: 'größe' },
        annotations: { 'example.com/note': '領導者 🦊\n"\\' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }],
        finalizers: ['example.com/f'],
        managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:spec': {} } }],
        futureField: [1, null, { a: 1e21 }],
      },
      spec: { preferredHolder: 'x', strategy: null, future: { field: true } },
      status: { future: 1 },
    };
    server.leases.put('one', foreign);
    const basis = await lock.read(bounded());
    const renewed = await lock.write(record, basis, bounded());
    if (renewed.kind === 'written')
      await lock.write({ ...record, holder: '' }, renewed.current, bounded());
    const { spec, metadata, ...rest } = server.leases.get('one') as { spec: Json; metadata: Json };
    expect(rest).toEqual({ apiVersion: foreign.apiVersion, kind: 'Lease', status: foreign.status });
    expect(metadata).toMatchObject(foreign.metadata);
    expect(spec).toMatchObject({ ...foreign.spec, holderIdentity: '' });
  });

  it('has its name and namespace escaped', async ({ server, connection }) => {
    const lock = leaseLock({ connection, namespace: 'a/b', name: '../x?y' });
    await lock.read(bounded());
    expect(server.requests[0]?.path).toBe(
      '/apis/coordination.k8s.io/v1/namespaces/a%2Fb/leases/..%2Fx%3Fy',
    );
  });

  it('goes over a fresh connection when asked to', async ({ server, lock }) => {
    await lock.read(bounded());
    await lock.read({ ...bounded(), fresh: true });
    expect(server.connections).toBe(2);
  });
});

describe('a record', () => {
  for (const [what, spec] of [
    ['nothing', {}],
    [
      'nulls',
      {
        holderIdentity: null,
        leaseDurationSeconds: null,
        acquireTime: null,
        renewTime: null,
        leaseTransitions: null,
      },
    ],
    [
      'garbage',
      {
        holderIdentity: 7,
        leaseDurationSeconds: '15',
        acquireTime: 'now',
        renewTime: {},
        leaseTransitions: -1,
      },
    ],
    [
      'other garbage',
      { holderIdentity: [], leaseDurationSeconds: -1, acquireTime: 0, leaseTransitions: 1.5 },
    ],
    [
      'too much',
      { leaseDurationSeconds: 1e300, leaseTransitions: 1e300, acquireTime: '9999-01-01T00:00:00Z' },
    ],
  ] as const)
    it(`of ${what} says that nobody leads`, async ({ server, lock }) => {
      server.leases.put('one', { spec });
      expect((await lock.read(bounded()))?.record).toEqual(nobody);
    });

  it('is taken over from nulls without writing one', async ({ server, lock }) => {
    server.leases.put('one', { spec: { holderIdentity: null, renewTime: null } });
    await lock.write({ ...nobody, transitions: 1 }, await lock.read(bounded()), bounded());
    expect(server.leases.get('one')?.['spec']).toEqual({ holderIdentity: '', leaseTransitions: 1 });
  });

  it('with a fraction of a second is never written shorter', async ({ server, lock }) => {
    await lock.write({ ...record, leaseDurationMs: 1_001 }, undefined, bounded());
    expect(server.leases.get('one')).toMatchObject({ spec: { leaseDurationSeconds: 2 } });
  });
});

describe('compare-and-swap', () => {
  it('does not create anew what was deleted meanwhile', async ({ server, lock }) => {
    server.leases.put('one', { spec: {} });
    const basis = await lock.read(bounded());
    server.leases.remove('one');
    expect(await lock.write(record, basis, bounded())).toEqual({ kind: 'conflict' });
    expect(server.leases.get('one')).toBeUndefined();
  });

  it('does not touch another object of the same name and version', async ({ server, lock }) => {
    server.leases.put('one', { spec: {} });
    const basis = await lock.read(bounded());
    const { metadata } = server.leases.get('one') as { metadata: Json };
    metadata['uid'] = 'another';
    expect(await lock.write(record, basis, bounded())).toEqual({ kind: 'conflict' });
  });

  it('takes any 409 to an update for a conflict', async ({ server, lock }) => {
    server.leases.put('one', { spec: {} });
    const basis = await lock.read(bounded());
    for (const body of ['', '<html>', '{"kind":"Status","reason":"Whatever"}']) {
      server.fail({ status: 409, body });
      expect(await lock.write(record, basis, bounded())).toEqual({ kind: 'conflict' });
    }
  });

  it('takes only AlreadyExists to a creation for a conflict', async ({ server, lock }) => {
    server.fail({ status: 409, body: '{"kind":"Status","reason":"Conflict","message":"quota"}' });
    const fault = await faultOf(lock.write(record, undefined, bounded()));
    expect([fault.kind, fault.message]).toEqual([
      'unreachable',
      expect.stringContaining('answers 409 to create leases in namespace "default": quota'),
    ]);
  });

  it('conflicts when the answer to a write that was applied is lost', async ({ server, lock }) => {
    server.leases.put('one', { spec: {} });
    const basis = await lock.read(bounded());
    server.fail('drop-answer');
    expect((await faultOf(lock.write(record, basis, bounded()))).kind).toBe('unreachable');
    expect(await lock.write(record, basis, bounded())).toEqual({ kind: 'conflict' });
    expect((await lock.read(bounded()))?.record).toEqual(record);
  });
});

describe('coordinated leader election', () => {
  it('is refused when reading', async ({ server, lock }) => {
    server.leases.put('one', { spec: { strategy: 'OldestEmulationVersion' } });
    const fault = await faultOf(lock.read(bounded()));
    expect(fault.kind).toBe('unsupported');
    expect(fault.message).toContain('spec.strategy "OldestEmulationVersion"');
  });

  it('is refused before writing', async ({ server, lock }) => {
    server.leases.put('one', { spec: {} });
    const basis = (await lock.read(bounded()))!;
    const origin = { ...(basis.origin as Json), spec: { strategy: 'X' } };
    expect((await faultOf(lock.write(record, { ...basis, origin }, bounded()))).kind).toBe(
      'unsupported',
    );
    expect(server.requests).toHaveLength(1);
  });
});

describe('a refusal names what is missing:', () => {
  for (const [verb, act] of [
    ['get', (lock: Lock) => lock.read(bounded())],
    ['create', (lock: Lock) => lock.write(record, undefined, bounded())],
    ['update', async (lock: Lock) => lock.write(record, await lock.read(bounded()), bounded())],
  ] as const)
    it(`the verb ${verb}`, async ({ server, lock }) => {
      if (verb === 'update') server.leases.put('one', { spec: {} });
      server.forbidden.add(verb);
      const { kind, hint } = await faultOf(act(lock));
      expect([kind, hint]).toEqual([
        'denied',
        `add to a Role in namespace "default": apiGroups ["coordination.k8s.io"], resources ["leases"], verbs ["${verb}"]`,
      ]);
    });

  it('accepted credentials', async ({ server, lock }) => {
    server.admits = () => false;
    expect(await faultOf(lock.read(bounded()))).toMatchObject({
      kind: 'denied',
      hint: 'check the user in the test',
    });
    expect(server.requests).toHaveLength(2);
  });

  it('the namespace', async ({ connection }) => {
    const lock = leaseLock({ connection, namespace: 'gone', name: 'one' });
    expect(await lock.read(bounded())).toBeUndefined();
    expect(await faultOf(lock.write(record, undefined, bounded()))).toMatchObject({
      kind: 'unreachable',
      message: 'there is no namespace "gone"',
    });
  });

  it('a namespace that stays', async ({ server, lock }) => {
    server.leases.namespaces.set('default', 'terminating');
    expect((await faultOf(lock.write(record, undefined, bounded()))).message).toBe(
      'cannot create leases in namespace "default": it is being deleted',
    );
  });
});

describe('an answer that cannot be used is a fault, and the next one counts:', () => {
  const answers: [what: string, status: number, body: string][] = [
    ['HTML', 200, '<html><body>Sign in</body></html>'],
    ['nothing', 200, ''],
    ['truncated JSON', 200, '{"metadata":{"uid":"a","resourceVersion":"1"},"sp'],
    ['no object', 200, '"Lease"'],
    ['an array', 200, '[]'],
    ['no uid', 200, '{"metadata":{"resourceVersion":"1"},"spec":{}}'],
    ['no version', 200, '{"metadata":{"uid":"a"},"spec":{}}'],
    ['no spec', 200, '{"metadata":{"uid":"a","resourceVersion":"1"}}'],
    ['no content', 204, ''],
    ['a redirection', 302, ''],
    ['a 404 page of a proxy', 404, 'default backend - 404'],
    ['an internal error', 500, '{"kind":"Status","reason":"InternalError"}'],
    ['a bad gateway', 502, '<html>'],
    ['unavailable', 503, ''],
    ['a timeout', 504, '{"kind":"Status","reason":"Timeout"}'],
  ];
  for (const [what, status, body] of answers)
    it(what, async ({ server, lock }) => {
      server.leases.put('one', { spec: {} });
      const basis = await lock.read(bounded());
      const fault = { status, body };
      server.fail(fault, fault, fault);
      const calls = [
        lock.read(bounded()),
        lock.write(record, undefined, bounded()),
        // A 404 page is no word of the API server, so nothing is known of the Lease.
        lock.write(record, basis, bounded()),
      ];
      for (const { kind } of await Promise.all(calls.map(faultOf)))
        expect(kind).toBe('unreachable');
      expect((await lock.write(record, basis, bounded())).kind).toBe('written');
    });

  it('overload, with how long to stay away', async ({ server, lock }) => {
    server.fail({ status: 429, headers: { 'Retry-After': '3' }, body: '{"kind":"Status"}' });
    expect(await faultOf(lock.read(bounded()))).toMatchObject({
      kind: 'unreachable',
      retryAfterMs: 3_000,
    });
  });
});

describe('whatever a server says', () => {
  /** JSON that often comes close to a Lease. */
  const leaseLike = fc.oneof(
    fc.json(),
    fc
      .record(
        {
          kind: fc.constantFrom('Lease', 'Status', 7),
          reason: fc.constantFrom('NotFound', 'AlreadyExists', null),
          message: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
          details: fc.oneof(
            fc.jsonValue(),
            fc.record({ causes: fc.jsonValue(), retryAfterSeconds: fc.jsonValue() }),
          ),
          metadata: fc.oneof(
            fc.jsonValue(),
            fc.record(
              { uid: fc.constantFrom('u', '', 7), resourceVersion: fc.constantFrom('1', '', 7) },
              { requiredKeys: [] },
            ),
          ),
          spec: fc.oneof(
            fc.jsonValue(),
            fc.record(
              {
                holderIdentity: fc.jsonValue(),
                leaseDurationSeconds: fc.oneof(fc.double(), fc.jsonValue()),
                acquireTime: fc.oneof(fc.date().map(String), fc.string(), fc.jsonValue()),
                renewTime: fc.jsonValue(),
                leaseTransitions: fc.oneof(fc.double(), fc.jsonValue()),
                strategy: fc.jsonValue(),
              },
              { requiredKeys: [] },
            ),
          ),
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  );

  test('nothing but a LockFault is thrown, and what is read is a record', async () => {
    const status = fc.constantFrom(200, 201, 400, 401, 403, 404, 409, 429, 500);
    const origin = { metadata: { uid: 'u', resourceVersion: '1' }, spec: {} };
    await fc.assert(
      fc.asyncProperty(leaseLike, status, async (text, code) => {
        const answer = { status: code, headers: {}, body: JSON.parse(text) as unknown };
        const connection: Connection = {
          cluster: clusterAt('https://kube'),
          request: () => Promise.resolve(answer),
          stream: () => Promise.reject(new Error('not asked for')),
          close: () => undefined,
        };
        const lock = leaseLock({ connection, namespace: 'default', name: 'one' });
        const results = await Promise.allSettled([
          lock.read(bounded()),
          lock.write(record, undefined, bounded()),
          lock.write(record, { record, version: '1', origin }, bounded()),
        ]);
        for (const result of results) {
          if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(LockFault);
          else if (result.value && 'record' in result.value) expectRecord(result.value.record);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  function expectRecord({ holder, leaseDurationMs = 1, transitions }: LeaderRecord): void {
    expect(typeof holder).toBe('string');
    expect(leaseDurationMs).toBeGreaterThan(0);
    expect(leaseDurationMs).toBeLessThan(Infinity);
    expect(Number.isSafeInteger(transitions) && transitions >= 0).toBe(true);
  }
});
