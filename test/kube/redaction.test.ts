/** A server, or what stands before it, that quotes our credentials back. */
import { describe, expect } from 'vitest';
import { LockFault } from '../../src/election/lock.ts';
import { networkFault } from '../../src/kube/network-fault.ts';
import { redacting } from '../../src/kube/redaction.ts';
import { leaseLock } from '../../src/locks/lease.ts';
import { clusterAt, connectTo, patiently, test, token } from './fixtures.ts';

const basic = Buffer.from('alice:o/pen sésame').toString('base64');

function said(message: string) {
  return JSON.stringify({ kind: 'Status', message, code: 500 });
}

describe('what a server says is told without', () => {
  test.for([
    ['a token', `Bearer ${token}`, `invalid: Bearer ${token}, "${token}"`],
    ['a token, escaped', `Bearer a+/${token}==`, `invalid: a%2B%2F${token}%3D%3D`],
    ['a password', `Basic ${basic}`, `invalid: ${basic} o/pen sésame alice:o/pen sésame`],
  ])('%s', async ([, authorization, message], { server }) => {
    const cluster = clusterAt(server.url, { headers: { Authorization: authorization! } });
    const connection = connectTo(cluster, 10_000);
    const lock = leaseLock({ connection, namespace: 'default', name: 'one' });
    for (const status of [401, 403, 422, 500]) {
      // A 401 is asked once more.
      server.fail({ status, body: said(message!) }, { status, body: said(message!) });
      const fault = await lock.read({ signal: patiently() }).catch((thrown: unknown) => thrown);
      if (status !== 401) await lock.read({ signal: patiently() }).catch(() => undefined);
      expect(fault).toBeInstanceOf(LockFault);
      const shown = `${(fault as LockFault).message} ${(fault as LockFault).hint}`;
      expect(shown).toContain('invalid');
      expect(shown).toContain('<');
      for (const secret of [token, basic, 'o/pen', 'sésame']) expect(shown).not.toContain(secret);
    }
    connection.close();
  });

  test('a token, in the middle of a watch', async ({ server }) => {
    const connection = connectTo(clusterAt(server.url), 10_000);
    const lock = leaseLock({ connection, namespace: 'default', name: 'one' });
    const event = { type: 'ERROR', object: JSON.parse(said(`expired: ${token}`)) as unknown };
    server.fail({ status: 200, body: `${JSON.stringify(event)}\n` });
    const sightings = (await lock.watch!(patiently()))[Symbol.asyncIterator]();
    await expect(sightings.next()).rejects.toMatchObject({
      name: 'LockFault',
      message: expect.stringContaining('expired: <credentials>') as string,
    });
    connection.close();
  });
});

test('an error on the way is told without them, those before a rotation too', async () => {
  const tokens = ['first-token', 'second-token'];
  const access = () =>
    Promise.resolve({ headers: { Authorization: `Bearer ${tokens.shift()!}` }, tls: {} });
  const cluster = redacting({ ...clusterAt('https://10.96.0.1'), access });
  await cluster.access('cached', patiently());
  await cluster.access('reload', patiently());
  const { message } = networkFault(new Error('no: first-token, second-token'), cluster);
  expect(message).toBe('cannot reach the API server 10.96.0.1: no: <credentials>, <credentials>');
});

test('what is too short to be told from a word stays', async () => {
  const cluster = redacting(clusterAt('https://a', { headers: { Authorization: 'Bearer no' } }));
  await cluster.access('cached', patiently());
  expect(cluster.redact!('no, there is nothing')).toBe('no, there is nothing');
});
