/**
 * A control plane with spare parts, and what happens to them:
 *
 *     candidates ─ balancer ─┬─ first API server ─── all three members of etcd
 *                            └─ second API server ── proxy ── the third member alone
 *
 * So the second one can be cut off from the news, or get them late, while all else is well: its watches show what was.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from '../../faults/chance.ts';
import {
  startControlPlane,
  type Apiserver,
  type ControlPlane,
} from '../../support/control-plane.ts';
import { startProxy, type Fault, type FaultyProxy } from '../../support/faulty-proxy.ts';

export interface SpareParts {
  readonly controlPlane: ControlPlane;
  readonly servers: readonly [Pick<Apiserver, 'apiserver' | 'port'>, Apiserver];
  /** Of the second server to etcd. */
  readonly news: FaultyProxy;
  /** Everything is in working order again. */
  whole(): Promise<void>;
  close(): Promise<void>;
}

export async function startSpareParts(): Promise<SpareParts> {
  const controlPlane = await startControlPlane({ etcdMembers: 3 });
  const news = await startProxy(controlPlane.members[2]!.port);
  const second = await controlPlane.another({ etcdUrl: `http://127.0.0.1:${news.port}` });
  const servers = [controlPlane, second] as const;
  return {
    controlPlane,
    servers,
    news,
    async whole() {
      await news.heal('deliver');
      const parts = controlPlane.members.map(({ member }) => member);
      await Promise.all([...parts, ...servers.map((server) => server.apiserver)].map(started));
    },
    async close() {
      await controlPlane.close();
      await news.close();
    },
  };
}

/** Answers, whatever was done to it. */
async function started(part: { resume(): void; start(): Promise<void> }): Promise<void> {
  part.resume();
  await part.start();
}

/** What happens to the parts; `over` settles when it has happened for some time, and goes on until they are made whole. */
export interface Trouble {
  readonly name: string;
  /** The servers, by their place, that the leader, the first and the second standby know. */
  readonly ways: readonly [number[], number[], number[]];
  begin(parts: SpareParts, chance: Chance): Promise<{ readonly over: Promise<void> }>;
}

const everyWay: Trouble['ways'] = [
  [0, 1],
  [1, 0],
  [0, 1],
];
const begun = { over: Promise.resolve() };

export const troubles: readonly Trouble[] = [
  {
    name: 'an API server has ended',
    ways: everyWay,
    async begin({ servers }, chance) {
      const { apiserver } = chance.oneOf([...servers]);
      await apiserver.stop(chance.oneOf(['SIGKILL', 'SIGTERM']));
      return begun;
    },
  },
  {
    name: 'an API server is frozen',
    ways: everyWay,
    begin({ servers }, chance) {
      chance.oneOf([...servers]).apiserver.pause();
      return Promise.resolve(begun);
    },
  },
  {
    name: 'the members of etcd are restarted one by one',
    ways: everyWay,
    begin({ controlPlane }, chance) {
      const restart = async () => {
        for (const { member } of controlPlane.members) {
          await member.stop(chance.oneOf(['SIGKILL', 'SIGTERM']));
          await delay(chance.whole(0, 1_000));
          await member.start();
        }
      };
      return Promise.resolve({ over: restart() });
    },
  },
  {
    name: "an API server's watch cache is stale",
    // One standby hears only from there.
    ways: [[0], [1], [0, 1]],
    async begin({ news }, chance) {
      await news.set(chance.oneOf<Fault>(['swallow', { delayMs: chance.whole(500, 3_000) }]));
      return begun;
    },
  },
];
