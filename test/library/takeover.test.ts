/**
 * `takeoverOnExit` of the library: where no end can be certified it changes nothing, and it hears of others' ends all the
 * same. These tests may run in a container of a Pod, too.
 */
import { beforeEach, expect, test, vi } from 'vitest';
import { LeaderElector, takeoverOnExit, type ClusterHandle } from '../../src/index.ts';
import type { LeaderRecord } from '../../src/index.ts';
import { lineOf } from '../../src/takeover/certificate.ts';
import { hereContainer } from '../../src/takeover/takeover.ts';
import { MemoryLockServer } from '../../src/testing/memory-lock.ts';
import { Wire } from '../election/wire.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

const facts = { namespace: 'jobs', pod: 'web-0', uid: 'u-1', container: 'main', mark: 'm-1' };
const past = { holder: 'a', acquireTimeUs: 1_763_714_400_000_001 };

/** Of a leader that will not renew for ten minutes. */
const held: LeaderRecord = {
  ...past,
  renewTimeUs: past.acquireTimeUs + 1,
  leaseDurationMs: 600_000,
  transitions: 3,
  home: { ...past, facts },
};

/** Shows one Pod, as often as it is watched. */
function clusterWith(state: object) {
  const paths: string[] = [];
  const metadata = { namespace: 'jobs', name: 'web-0', uid: 'u-1' };
  const status = { containerStatuses: [{ name: 'main', state }] };
  const line = JSON.stringify({ type: 'ADDED', object: { metadata, status } });
  const connection = {
    cluster: { namespace: 'jobs', redact: (text: string) => text },
    stream: ({ path }: { path: string }) => {
      paths.push(path);
      const lines = (async function* () {
        yield line;
        await new Promise(() => undefined);
      })();
      return Promise.resolve({ status: 200, lines });
    },
  };
  const cluster = { connection: () => Promise.resolve(connection) } as unknown as ClusterHandle;
  return { cluster, paths };
}

let server: MemoryLockServer;
beforeEach(() => {
  server = new MemoryLockServer();
});

function electorWith(cluster: ClusterHandle, onWarning?: (message: string) => void) {
  const { certified, deaths } = takeoverOnExit({ cluster, onWarning });
  const lock = certified(server.handle(new Wire(new FakeClock())));
  return new LeaderElector({ lock, deaths, identity: 'b' });
}

async function led(elector: LeaderElector) {
  const campaign = await elector.campaign();
  if (campaign.kind !== 'elected') throw new Error(campaign.kind);
  return campaign.term;
}

test('it leads as ever, and either names its container or says once why not', async () => {
  const warnings: string[] = [];
  const isCertified = hereContainer().kind === 'own';
  const { cluster } = clusterWith({});
  const elector = electorWith(cluster, (message) => warnings.push(message));
  for (let count = 1; count <= 2; count += 1) {
    const term = await led(elector);
    expect(server.record).toMatchObject({ holder: 'b' });
    expect(server.record?.home !== undefined).toBe(isCertified);
    await term.release();
  }
  const warning: unknown = expect.stringContaining('its lease must run out: ');
  expect(warnings).toEqual(isCertified ? [] : [warning]);
});

test('claims at once when the container of the leader has ended with its line', async () => {
  server.edit(held);
  const finishedAt = '2025-11-21T08:41:00Z';
  const { cluster, paths } = clusterWith({
    terminated: { message: `${lineOf('m-1')}\n`, finishedAt },
  });
  const elector = electorWith(cluster);
  const term = await led(elector);
  expect(paths).toEqual([
    '/api/v1/namespaces/jobs/pods?watch=1&fieldSelector=metadata.name%3Dweb-0',
  ]);
  expect(server.record?.history).toMatchObject([{ holder: 'a', ended: 'died' }]);
  await term.release();
});

test('waits while it runs', async () => {
  server.edit(held);
  const { cluster, paths } = clusterWith({ running: {} });
  const elector = electorWith(cluster);
  const campaign = elector.campaign();
  await vi.waitFor(() => {
    expect(paths).toHaveLength(1);
  });
  expect(elector.isLeader()).toBe(false);
  await elector.stop();
  expect(await campaign).toEqual({ kind: 'aborted' });
  expect(server.record?.holder).toBe('a');
});
