/** Records in annotations of ConfigMaps, Endpoints and Secrets, at a server that this process controls. */
import { describe, expect, test } from 'vitest';
import { LockFault, type LeaderRecord, type Lock } from '../../src/election/lock.ts';
import { isReleased } from '../../src/election/record.ts';
import { parseRecord, unknownHolder } from '../../src/locks/annotation-record.ts';
import { recordAnnotation } from '../../src/locks/annotation.ts';
import { clusterAt, connectTo, patiently } from '../kube/fixtures.ts';
import type { Json } from '../kube/lease-store.ts';
import { startApiServer, type ApiServer } from '../support/api-server.ts';
import { annotationKinds, type AnnotationKind } from './annotation-kinds.ts';
import { objectLockContract } from './object-contract.ts';

const record: LeaderRecord = {
  holder: 'web-0_2f6b',
  leaseDurationMs: 15_000,
  acquireTimeUs: 1_763_714_400_000_001,
  renewTimeUs: 1_763_714_412_345_678,
  transitions: 3,
};
const free: LeaderRecord = {
  holder: '',
  leaseDurationMs: undefined,
  acquireTimeUs: undefined,
  renewTimeUs: undefined,
  transitions: 0,
};

const bounded = () => ({ signal: patiently() });

for (const { kind, resource, lockIn } of annotationKinds)
  objectLockContract(`an annotation of ${kind}`, resource, lockIn);

const it = test.extend<{
  at: (kind: AnnotationKind) => Promise<{ lock: Lock; server: ApiServer }>;
}>({
  // eslint-disable-next-line no-empty-pattern
  at: async ({}, use) => {
    const closes: (() => Promise<void>)[] = [];
    await use(async ({ resource, lockIn }) => {
      const server = await startApiServer({ resource });
      const connection = connectTo(clusterAt(server.url), 10_000);
      closes.push(async () => {
        connection.close();
        await server.close();
      });
      return { server, lock: lockIn({ connection, namespace: 'default', name: 'one' }) };
    });
    await Promise.all(closes.map((close) => close()));
  },
});

describe.each(annotationKinds)('in $kind', (kind) => {
  it('a record is created in an object without content', async ({ at }) => {
    const { lock, server } = await at(kind);
    await lock.write(record, undefined, bounded());
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: `/api/v1/namespaces/default/${kind.resource}`,
    });
    expect(request?.body).toEqual({
      apiVersion: 'v1',
      kind: kind.kind,
      metadata: {
        namespace: 'default',
        name: 'one',
        labels: {
          'app.kubernetes.io/managed-by': 'k8s-leader',
          'app.kubernetes.io/component': 'leader-election',
        },
        annotations: { [recordAnnotation]: expect.any(String) as string },
      },
      ...(kind.kind === 'Secret' ? { type: 'Opaque' } : {}),
    });
  });

  it('everything else survives claim, renewal and release', async ({ at }) => {
    const { lock, server } = await at(kind);
    const foreign = {
      apiVersion: 'v1',
      kind: kind.kind,
      ...kind.content,
      future: { field: [1, null] },
      metadata: {
        labels: { team: 'größe' },
        annotations: { 'example.com/note': '領導者 🦊\n"\\' },
        finalizers: ['example.com/f'],
        managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:data': {} } }],
      },
    };
    server.leases.put('one', foreign);
    for (const next of [record, { ...record, transitions: 4 }, { ...record, holder: '' }])
      await lock.write(next, await lock.read(bounded()), bounded());
    const { metadata, ...rest } = server.leases.get('one') as { metadata: Json };
    const { metadata: before, ...content } = foreign;
    expect(rest).toEqual(content);
    expect(metadata).toMatchObject(before);
    const { [recordAnnotation]: text, ...notes } = metadata['annotations'] as Json;
    expect(notes).toEqual(before.annotations);
    expect(parseRecord(text)).toEqual({ ...record, holder: '' });
  });

  it('no annotations, none of ours and an empty one are free', async ({ at }) => {
    const { lock, server } = await at(kind);
    for (const annotations of [undefined, null, {}, { other: 'x' }, { [recordAnnotation]: '' }]) {
      server.leases.put('one', { ...kind.content, metadata: { annotations } });
      expect((await lock.read(bounded()))?.record).toEqual(free);
    }
  });

  it('a refusal names the rule that is missing', async ({ at }) => {
    const { lock, server } = await at(kind);
    server.leases.put('one', { ...kind.content });
    const basis = await lock.read(bounded());
    server.forbidden.add('get').add('create').add('update').add('watch');
    for (const [verb, act] of [
      ['get', () => lock.read(bounded())],
      ['create', () => lock.write(record, undefined, bounded())],
      ['update', () => lock.write(record, basis, bounded())],
      ['watch', () => lock.watch!(patiently())],
    ] as const)
      await expect(act()).rejects.toMatchObject({
        kind: 'denied',
        hint: `add to a Role in namespace "default": apiGroups [""], resources ["${kind.resource}"], verbs ["${verb}"]`,
      });
  });

  it('a watch shows what a read does', async ({ at }) => {
    const { lock, server } = await at(kind);
    await lock.write(record, undefined, bounded());
    const watched = (await lock.watch!(patiently()))[Symbol.asyncIterator]();
    expect(server.requests.at(-1)?.path).toBe(
      `/api/v1/namespaces/default/${kind.resource}?watch=1&fieldSelector=metadata.name%3Done`,
    );
    const seen = await lock.read(bounded());
    expect((await watched.next()).value).toEqual({ version: seen?.version, seen });
    server.leases.remove('one');
    expect((await watched.next()).value).toMatchObject({ seen: undefined });
  });
});

describe('what a Secret holds', () => {
  const secret = annotationKinds.at(-1)!;
  const text = 'aHVudGVyMg==';
  const refusals: [status: number, body: Json][] = [
    [400, { kind: 'Status', message: `cannot be handled as a Secret: |{"password":"${text}"}|` }],
    [422, { kind: 'Status', reason: 'Invalid', message: `data: Invalid value: ${text}` }],
    [403, { kind: 'Status', message: `webhook "x" denied the request: hunter2, ${text}` }],
    [500, { kind: 'Status', message: `failed calling webhook: ${text}` }],
    [418, { message: text }],
  ];

  it.for(refusals)(
    'is in no message about a refused update: %i',
    async ([status, body], { at }) => {
      const { lock, server } = await at(secret);
      server.leases.put('one', { ...secret.content });
      const basis = await lock.read(bounded());
      server.fail({ status, body: JSON.stringify(body) });
      const thrown: unknown = await lock.write(record, basis, bounded()).catch((e: unknown) => e);
      expect(thrown).toBeInstanceOf(LockFault);
      const { message, hint = '', cause } = thrown as LockFault;
      expect(`${message} ${hint} ${JSON.stringify(cause)}`).not.toMatch(/hunter2|aHVu/);
      expect(message).toContain('its message is hidden');
      expect(hint).toBe('');
    },
  );
});

describe('an annotation says', () => {
  const say = (fields: unknown): LeaderRecord => parseRecord(JSON.stringify(fields));
  const go = {
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    acquireTime: '2025-11-21T08:40:00Z',
    renewTime: '2025-11-21T08:40:12Z',
    leaderTransitions: 3,
  };
  const times = { acquireTimeUs: 1_763_714_400_000_000, renewTimeUs: 1_763_714_412_000_000 };
  const held = { holder: 'a', leaseDurationMs: 15_000, transitions: 3, ...times };

  test('what client-go has written', () => {
    expect(say(go)).toEqual(held);
    const released = {
      ...go,
      holderIdentity: '',
      leaseDurationSeconds: 1,
    };
    expect(isReleased(say(released))).toBe(true);
    expect(say({ ...go, acquireTime: null, renewTime: null })).toEqual({
      ...held,
      acquireTimeUs: undefined,
      renewTimeUs: undefined,
    });
  });

  test('what Python has written: numbers as text, local times whose zone nobody knows', () => {
    const python = {
      holderIdentity: 'a',
      leaseDurationSeconds: '15',
      acquireTime: '2025-11-21 14:10:00.000001',
      renewTime: '2025-11-21 14:10:12',
    };
    const unknown = { acquireTimeUs: undefined, renewTimeUs: undefined, transitions: 0 };
    expect(say(python)).toEqual({ ...held, ...unknown });
    expect(say({ ...python, leaseDurationSeconds: '15.0' })).toEqual({ ...held, ...unknown });
  });

  test('times with a zone, however they are written', () => {
    const zoned = {
      ...go,
      acquireTime: '2025-11-21 14:10:00+05:30',
      renewTime: '2025-11-21T08:40:12.000Z',
      leaderTransitions: '3',
    };
    expect(say(zoned)).toEqual(held);
  });

  test.each([{}, { holderIdentity: null }, { holderIdentity: '' }])('nobody: %j', (fields) => {
    expect(say(fields)).toEqual(free);
  });

  test.each([
    'true',
    'x',
    '{',
    ' ',
    'null',
    '[]',
    '"a"',
    '7',
    '{"holderIdentity":7}',
    '{"holderIdentity":["a"]}',
    '{"holderIdentity":{}}',
    '{"holderIdentity":false}',
    7,
    {},
  ])('that somebody unknown holds it: %j', (text) => {
    expect(parseRecord(text)).toEqual({ ...free, holder: unknownHolder });
  });

  test.each(['-1', 0, -1, '0', '1e3', '0x10', '', ' 1', 1e300, '9'.repeat(400), null, [15], true])(
    'no duration: %j',
    (leaseDurationSeconds) => {
      expect(say({ ...go, leaseDurationSeconds })).toEqual({ ...held, leaseDurationMs: undefined });
    },
  );
});

describe('an annotation is written', () => {
  const configMap = annotationKinds[0]!;
  const written = (server: ApiServer): string => {
    const { metadata } = server.leases.get('one') as { metadata: { annotations: Json } };
    return metadata.annotations[recordAnnotation] as string;
  };

  it('in the order of client-go, with numbers, microseconds and no null', async ({ at }) => {
    const { lock, server } = await at(configMap);
    await lock.write(record, undefined, bounded());
    expect(written(server)).toBe(
      '{"holderIdentity":"web-0_2f6b","leaseDurationSeconds":15,' +
        '"acquireTime":"2025-11-21T08:40:00.000001Z","renewTime":"2025-11-21T08:40:12.345678Z",' +
        '"leaderTransitions":3}',
    );
    await lock.write(free, await lock.read(bounded()), bounded());
    expect(written(server)).toBe('{"holderIdentity":"","leaderTransitions":0}');
  });

  it('over anything, and keeps the fields of a record that are not ours', async ({ at }) => {
    const { lock, server } = await at(configMap);
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    for (const [before, kept] of [
      ['garbage', {}],
      ['[1]', {}],
      ['{"holderIdentity":7,"leaseDurationSeconds":"6"}', {}],
      ['{"holderIdentity":"a","ownerReference":{"uid":"u"}}', { ownerReference: { uid: 'u' } }],
      [deep, {}],
    ] as const) {
      server.leases.put('one', { metadata: { annotations: { [recordAnnotation]: before } } });
      await lock.write(record, await lock.read(bounded()), bounded());
      expect(parseRecord(written(server))).toEqual(record);
      expect(JSON.parse(written(server))).toMatchObject(kept);
    }
  });
});
