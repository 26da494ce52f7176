/** A watch on a Lease: what its events show, and what is a fault. */
import { describe, expect } from 'vitest';
import { LockFault, type Lock, type Sighting } from '../../src/election/lock.ts';
import { leaseLock } from '../../src/locks/lease.ts';
import { clusterAt, connectTo, patiently, test } from '../kube/fixtures.ts';
import { status, type Json } from '../kube/lease-store.ts';
import type { ApiServer } from '../support/api-server.ts';

const it = test.extend<{ lock: Lock }>({
  lock: async ({ connection }, use) => {
    await use(leaseLock({ connection, namespace: 'default', name: 'one' }));
  },
});

async function watch(lock: Lock, signal = patiently()): Promise<AsyncIterator<Sighting>> {
  return (await lock.watch!(signal))[Symbol.asyncIterator]();
}

async function sighting(watched: AsyncIterator<Sighting>): Promise<Sighting> {
  const next = await watched.next();
  if (next.done) throw new Error('the watch has ended');
  return next.value;
}

async function faultOf(promise: Promise<unknown>): Promise<LockFault> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(LockFault);
  expect((thrown as LockFault).message).not.toMatch(/\n/);
  return thrown as LockFault;
}

/** The next watch gets these lines, and then the end. */
function script(server: ApiServer, ...lines: readonly unknown[]): void {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  server.fail((response) => response.writeHead(200).end(text.map((line) => `${line}\n`).join('')));
}

function leaseOf(version: string, spec: Json = {}, name = 'one'): Json {
  return { metadata: { name, uid: 'u', resourceVersion: version }, spec };
}

describe('a watch', () => {
  it('asks for the changes of one Lease and for how it is now', async ({ server, lock }) => {
    await watch(lock);
    expect(server.requests[0]).toMatchObject({
      method: 'GET',
      path: '/apis/coordination.k8s.io/v1/namespaces/default/leases?watch=1&fieldSelector=metadata.name%3Done',
      body: undefined,
    });
  });

  it('has what it asks for escaped, for the selector and for the URL', async ({
    server,
    connection,
  }) => {
    await watch(leaseLock({ connection, namespace: 'a/b', name: 'x,y=z\\&é#' }));
    const { pathname, searchParams } = new URL(server.requests[0]!.path, 'https://kube');
    expect(pathname).toBe('/apis/coordination.k8s.io/v1/namespaces/a%2Fb/leases');
    expect([...searchParams]).toEqual([
      ['watch', '1'],
      ['fieldSelector', 'metadata.name=x\\,y\\=z\\\\&é#'],
    ]);
  });

  it('shows what is there as a read does, and then every change', async ({ server, lock }) => {
    server.leases.put('one', { spec: { holderIdentity: 'a', leaseTransitions: 7 } });
    const watched = await watch(lock);
    const seen = await lock.read({ signal: patiently() });
    expect(await sighting(watched)).toEqual({ version: seen?.version, seen });

    server.leases.put('other', { spec: {} });
    server.leases.put('one', { spec: { holderIdentity: 'b' } });
    const changed = await sighting(watched);
    expect(changed.seen?.record.holder).toBe('b');

    server.leases.remove('one');
    const gone = await sighting(watched);
    expect(gone.seen).toBeUndefined();

    server.leases.put('one', { spec: { holderIdentity: 'c' } });
    const back = await sighting(watched);
    expect(back.seen?.record.holder).toBe('c');
    const versions = [seen, changed, gone, back].map((each) => Number(each?.version));
    expect(versions).toEqual([...new Set(versions)].sort((one, two) => one - two));
  });

  it('begins without a Lease, and shows when there is one', async ({ server, lock }) => {
    const watched = await watch(lock);
    const next = sighting(watched);
    server.leases.put('one', { spec: { holderIdentity: 'a' } });
    expect((await next).seen?.record.holder).toBe('a');
  });

  it('shows something to write upon', async ({ server, lock }) => {
    server.leases.put('one', { spec: { holderIdentity: 'a', future: [1] } });
    const { seen } = await sighting(await watch(lock));
    const written = await lock.write({ ...seen!.record, holder: 'b' }, seen, {
      signal: patiently(),
    });
    expect(written.kind).toBe('written');
    expect(server.leases.get('one')).toMatchObject({ spec: { holderIdentity: 'b', future: [1] } });
  });

  it('leaves the connection of reads and writes alone', async ({ server, lock }) => {
    server.leases.put('one', { spec: {} });
    const basis = await lock.read({ signal: patiently() });
    await sighting(await watch(lock));
    await lock.write({ ...basis!.record, holder: 'a' }, basis, { signal: patiently() });
    expect([server.connections, server.openConnections]).toEqual([2, 2]);
  });

  it('passes over bookmarks and other names', async ({ server, lock }) => {
    script(
      server,
      { type: 'ADDED', object: leaseOf('1', { strategy: 'X' }, 'another') },
      { type: 'ADDED', object: leaseOf('2') },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '3' } } },
      { type: 'DELETED', object: leaseOf('4', {}, 'another') },
      { type: 'ADDED', object: { metadata: { name: 'another' } } },
      { type: 'DELETED', object: leaseOf('5', { strategy: 'X' }) },
    );
    const watched = await watch(lock);
    expect((await sighting(watched)).version).toBe('2');
    expect(await sighting(watched)).toEqual({ version: '5', seen: undefined });
    expect(await watched.next()).toEqual({ done: true, value: undefined });
  });

  it('ends when its signal aborts, and with it its connection', async ({ server, lock }) => {
    const enough = new AbortController();
    const watched = await watch(lock, enough.signal);
    const next = watched.next();
    enough.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    await server.open(0);
  });
});

describe('a watch meets', () => {
  it('a Role without it, and names the rule', async ({ server, lock }) => {
    server.forbidden.add('watch');
    expect(await faultOf(watch(lock))).toMatchObject({
      kind: 'denied',
      message:
        'not allowed to watch leases in namespace "default": User "tester" cannot watch resource "leases"',
      hint: 'add to a Role in namespace "default": apiGroups ["coordination.k8s.io"], resources ["leases"], verbs ["watch"]',
    });
  });

  for (const [what, code, body] of [
    ['a server that knows none', 404, '404 page not found'],
    ['overload', 503, ''],
    ['something that is no stream', 204, ''],
  ] as const)
    it(`${what}: a fault`, async ({ server, lock }) => {
      server.fail({ status: code, body });
      const { kind, message } = await faultOf(watch(lock));
      expect([kind, message]).toEqual([
        'unreachable',
        expect.stringContaining(`answers ${code} to watch leases in namespace "default"`),
      ]);
    });

  it('an event of type ERROR: the fault in its Status', async ({ server, lock }) => {
    const [code, expired] = status(410, 'Expired', 'too old resource version: 1 (2)');
    script(server, { type: 'ADDED', object: leaseOf('1') }, { type: 'ERROR', object: expired });
    const watched = await watch(lock);
    await sighting(watched);
    const { kind, message } = await faultOf(watched.next());
    expect(kind).toBe('unreachable');
    expect(message).toMatch(
      new RegExp(`answers ${code} to watch leases in .*: too old resource version: 1 \\(2\\)$`),
    );
    await server.open(0);
    expect(await watched.next()).toEqual({ done: true, value: undefined });
  });

  it('coordinated leader election, and refuses it', async ({ server, lock }) => {
    server.leases.put('one', { spec: { strategy: 'OldestEmulationVersion' } });
    expect((await faultOf((await watch(lock)).next())).kind).toBe('unsupported');
    await server.open(0);
  });

  for (const [what, line] of [
    ['HTML', '<html><body>Sign in</body></html>'],
    ['half an event', '{"type":"ADDED","obj'],
    ['no object', '[]'],
    ['null', 'null'],
    ['a Lease alone', leaseOf('1')],
    ['a type of its own', { type: 'MOVED', object: leaseOf('1') }],
    ['an event about nothing', { type: 'ADDED' }],
    ['an event about null', { type: 'DELETED', object: null }],
    ['a Lease without a version', { type: 'MODIFIED', object: { metadata: {}, spec: {} } }],
    ['a deletion without a version', { type: 'DELETED', object: leaseOf('') }],
    ['an error without a Status', { type: 'ERROR' }],
  ] as const)
    it(`${what}: a fault, and its connection goes`, async ({ server }) => {
      const connection = connectTo(clusterAt(server.url), 10_000);
      server.fail((response) => {
        response
          .writeHead(200)
          .write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
      });
      const lock = leaseLock({ connection, namespace: 'default', name: 'one' });
      expect((await faultOf((await watch(lock)).next())).kind).toBe('unreachable');
      await server.open(0);
      connection.close();
    });
});
