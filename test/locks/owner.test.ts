/** What a lock object is created with: our labels, and an owner where one is named. */
import { describe, expect, it } from 'vitest';
import { LockFault, type LeaderRecord } from '../../src/election/lock.ts';
import type { Connection } from '../../src/kube/connection.ts';
import type { Answer } from '../../src/kube/exchange.ts';
import { leaseLock } from '../../src/locks/lease.ts';
import type { Owner } from '../../src/locks/owner.ts';
import { sampleRecord } from '../support/record.ts';

const how = () => ({ signal: AbortSignal.timeout(60_000) });
const claim: LeaderRecord = { ...sampleRecord, acquireTimeUs: 7, renewTimeUs: 1_007 };
const renewal: LeaderRecord = { ...claim, renewTimeUs: 2_000_000 };
const worker = { kind: 'deployment', name: 'worker' } as const;

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** A lock on a server that says `owner` when it is asked for the owner, and takes everything else. */
function lockOn(owner: Partial<Answer>, named: Owner | null = worker) {
  const sent: Sent[] = [];
  const request = ({ method, path, body }: Sent): Promise<Partial<Answer>> => {
    sent.push({ method, path, body });
    if (method === 'GET') return Promise.resolve(owner);
    const { metadata } = body as { metadata: object };
    const written = {
      ...(body as object),
      metadata: { uid: 'u', ...metadata, resourceVersion: '1' },
    };
    return Promise.resolve({ status: 201, headers: {}, body: written });
  };
  const connection = { request, cluster: { description: 'a test' } } as unknown as Connection;
  return {
    sent,
    lock: leaseLock({ connection, namespace: 'jobs', name: 'one', owner: named ?? undefined }),
  };
}

const metadataOf = (sent: readonly Sent[]) =>
  (sent.at(-1)?.body as { metadata: Record<string, unknown> }).metadata;
const there = { status: 200, headers: {}, body: { metadata: { name: 'worker', uid: 'abc' } } };
const notThere = {
  status: 404,
  headers: {},
  body: { kind: 'Status', reason: 'NotFound', message: 'deployments.apps "worker" not found' },
};

describe('an object that we create', () => {
  it('says that it is managed by us', async () => {
    const { lock, sent } = lockOn(there, null);
    await lock.write(claim, undefined, how());
    expect(sent).toHaveLength(1);
    expect(metadataOf(sent)).toEqual({
      namespace: 'jobs',
      name: 'one',
      labels: {
        'app.kubernetes.io/managed-by': 'k8s-leader',
        'app.kubernetes.io/component': 'leader-election',
      },
    });
  });

  it('belongs to the owner, whose uid is asked for', async () => {
    const { lock, sent } = lockOn(there);
    await lock.write(claim, undefined, how());
    expect(sent[0]).toMatchObject({
      method: 'GET',
      path: '/apis/apps/v1/namespaces/jobs/deployments/worker',
    });
    expect(metadataOf(sent)['ownerReferences']).toEqual([
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker', uid: 'abc' },
    ]);
  });

  it('is not created for an owner that does not exist', async () => {
    const { lock, sent } = lockOn(notThere);
    const fault: unknown = await lock
      .write(claim, undefined, how())
      .catch((thrown: unknown) => thrown);
    expect(fault).toBeInstanceOf(LockFault);
    expect(fault).toMatchObject({
      kind: 'unsupported',
      message: 'there is no Deployment "worker" in namespace "jobs"',
    });
    expect(sent.map(({ method }) => method)).toEqual(['GET']);
  });

  it('has no owner when a leader puts it back: that would delete it again', async () => {
    const { lock, sent } = lockOn(notThere);
    await lock.write(renewal, undefined, how());
    expect(sent.map(({ method }) => method)).toEqual(['POST']);
    expect(metadataOf(sent)).not.toHaveProperty('ownerReferences');
  });
});

it('what others have made gets neither labels nor an owner', async () => {
  const { lock, sent } = lockOn(there);
  const body = {
    metadata: {
      name: 'one',
      namespace: 'jobs',
      uid: 'u',
      resourceVersion: '4',
      labels: { a: 'b' },
    },
    spec: {},
  };
  const basis = { record: sampleRecord, version: '4', origin: body, uid: 'u' };
  await lock.write(claim, basis, how());
  expect(sent.map(({ method }) => method)).toEqual(['PUT']);
  expect(metadataOf(sent)).toMatchObject({ labels: { a: 'b' } });
  expect(metadataOf(sent)).not.toHaveProperty('ownerReferences');
});
