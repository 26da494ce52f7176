/** Many candidates on one Lease: ours as electors in a few processes, client-go's as processes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { namespace, type Contestant } from './contestants.ts';
import type { Order, Report } from './crowd-worker.ts';
import type { Account, Stage } from './stage.ts';
import { worker, type Subject } from './subject.ts';

export interface Crowd {
  /** Resolves when one leads and all others stand by. */
  gather(size: number): Promise<void>;
  /** The leader gives the lock back, and stands again once another leads. From one to the other in ms. */
  handOver(): Promise<number>;
  disperse(): Promise<void>;
}

const processes = 4;
/** Between two electors of one process that start: a handshake is work for both sides. */
const spacingMs = 25;
const gatheredWithinMs = 120_000;

export function electorCrowd({ kubeconfig }: Account, lock: string): Crowd {
  const workers: ChildProcess[] = [];
  const standing = new Set<number>();
  const elected: Extract<Report, { told: 'elected' }>[] = [];
  const released: Extract<Report, { told: 'released' }>[] = [];
  const trouble: string[] = [];
  const home = (elector: number) => workers[elector % workers.length]!;
  const tell = (elector: number, order: Order) => home(elector).send(order);

  const hear = (report: Report): void => {
    if (report.told === 'standing-by') standing.add(report.elector);
    else if (report.told === 'elected') elected.push(report);
    else if (report.told === 'released') released.push(report);
    else trouble.push(`elector ${report.elector}: ${report.what}`);
  };
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const deadlineMs = performance.now() + gatheredWithinMs;
    while (!isSo()) {
      if (trouble.length > 0) throw new Error(trouble.join('\n'));
      if (performance.now() > deadlineMs) throw new Error(`not in time: ${what}`);
      await delay(5);
    }
  };

  return {
    async gather(size) {
      const file = new URL('crowd-worker.ts', import.meta.url).pathname;
      for (let index = 0; index < Math.min(processes, size); index++) {
        const child = spawn(process.execPath, [file], {
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        });
        workers.push(child.on('message', hear));
      }
      for (const [index, each] of workers.entries()) {
        const count = Math.ceil((size - index) / workers.length);
        const order = {
          do: 'start',
          first: index,
          step: workers.length,
          count,
          spacingMs,
        } as const;
        each.send({ ...order, kubeconfig, namespace, lock } satisfies Order);
      }
      await until(`${size} candidates`, () => elected.length + standing.size === size);
    },
    async handOver() {
      const round = elected.length;
      const { elector } = elected.at(-1)!;
      standing.clear();
      tell(elector, { do: 'release', elector });
      await until('a successor', () => elected.length > round && released.length === round);
      const ms = elected[round]!.atMs - released[round - 1]!.atMs;
      tell(elector, { do: 'stand', elector });
      await until(`elector ${elector} stands by`, () => standing.has(elector));
      if (elected.length !== round + 1) throw new Error('more than one was elected');
      return ms;
    },
    async disperse() {
      await Promise.all(
        workers.map(async (each) => {
          const exited = once(each, 'exit');
          each.disconnect();
          await exited;
        }),
      );
    },
  };
}

export function wrapperCrowd(stage: Stage, by: Contestant, account: Account, lock: string): Crowd {
  const { kubeconfig } = account;
  const start = () => stage.start(by.commandLine({ lock, command: worker, kubeconfig }));
  let leader: Subject | undefined;
  const standbys = new Set<Subject>();
  const add = async () => {
    const subject = start();
    await subject.standsBy();
    standbys.add(subject);
  };
  return {
    async gather(size) {
      leader = start();
      await leader.said('x');
      for (let count = 1; count < size; count++) await add();
    },
    async handOver() {
      const old = leader!;
      old.signal('SIGTERM');
      const endedAtMs = await old.said('y');
      const first = await Promise.race(
        [...standbys].map(async (subject) => ({ subject, atMs: await subject.said('x') })),
      );
      leader = first.subject;
      standbys.delete(leader);
      await old.closed;
      await add();
      return first.atMs - endedAtMs;
    },
    async disperse() {
      const all = [...standbys, ...(leader ? [leader] : [])];
      for (const subject of all) subject.signal('SIGTERM');
      await Promise.all(all.map(({ closed }) => closed));
    },
  };
}
