import { describe, expect } from 'vitest';
import { takingTurns } from '../../src/library/shared-cluster.ts';
import { test } from '../kube/fixtures.ts';

const get = (name: string, fresh = false) => ({
  method: 'GET' as const,
  path: `/apis/coordination.k8s.io/v1/namespaces/default/leases/${name}`,
  signal: new AbortController().signal,
  fresh,
});

describe('requests that take turns', () => {
  test('go over one connection, however many begin at once', async ({ server, connection }) => {
    const polite = takingTurns(connection, 10_000);
    for (let round = 0; round < 3; round++)
      await Promise.all(['a', 'b', 'c', 'd'].map((name) => polite.request(get(name))));
    expect(server.requests).toHaveLength(12);
    expect(server.connections).toBe(1);
  });

  test('do not wait for one that gets no answer', async ({ server, connection }) => {
    const polite = takingTurns(connection);
    server.fail('hang');
    const stuck = new AbortController();
    const hanging = polite.request({ ...get('a'), signal: stuck.signal });
    await server.received(1);
    const answers = await Promise.all([polite.request(get('b')), polite.request(get('c'))]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
    stuck.abort();
    await expect(hanging).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('go at once when they are to go over a fresh connection', async ({ server, connection }) => {
    const polite = takingTurns(connection);
    server.fail('hang');
    const stuck = new AbortController();
    const hanging = polite.request({ ...get('a'), signal: stuck.signal });
    await server.received(1);
    expect((await polite.request(get('b', true))).status).toBe(404);
    stuck.abort();
    await expect(hanging).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('are given up while they wait', async ({ server, connection }) => {
    const polite = takingTurns(connection);
    server.fail('hang');
    const stuck = new AbortController();
    const hanging = polite.request({ ...get('a'), signal: stuck.signal });
    await server.received(1);
    const waiting = polite.request({ ...get('b'), signal: AbortSignal.abort() });
    await expect(waiting).rejects.toMatchObject({ kind: 'unreachable' });
    expect(server.requests).toHaveLength(1);
    stuck.abort();
    await expect(hanging).rejects.toMatchObject({ kind: 'unreachable' });
  });
});
