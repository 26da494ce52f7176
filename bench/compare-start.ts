/** From exec to the command's first byte, on a Lease that is absent and on one that is free. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Rounds, Setting } from './compare.ts';
import type { Contestant } from './contestants.ts';
import { memoryOf } from './memory.ts';
import { bareNode, bareNodeWithTls, speaker } from './subject.ts';
import { note, type Figure } from './table.ts';

/** Until timers and garbage collection after the start are over. */
const steadyAfterMs = 1_000;
const memoryEvery = 5;
/** As a release leaves it. */
const free = { holderIdentity: '', leaseDurationSeconds: 1 };

export async function compareStart(setting: Setting, { ours: rounds }: Rounds): Promise<Figure[]> {
  const { stage } = setting;
  const { kubeconfig } = await stage.account('kubeconfig');
  const configurations = [
    ['in a pod', undefined],
    ['kubeconfig', kubeconfig],
  ] as const;
  const samples = new Map<string, { ours: number[]; theirs: number[] }>();
  const floors = [
    ['bare node', bareNode],
    ['bare node with TLS', bareNodeWithTls(stage.controlPlane.port)],
  ] as const;

  // The first round only fills the page cache.
  for (let round = -1; round < rounds; round++) {
    note(`start, round ${String(round + 1)} of ${String(rounds)}`);
    for (const [place, file] of configurations)
      for (const state of ['absent', 'free'])
        for (const contestant of [setting.ours, setting.theirs]) {
          const lock = `start-${contestant.name}`;
          if (state === 'absent') await stage.deleteLease(lock);
          // Whoever was there before may have failed to release: client-go does when a renewal is on its way.
          else await stage.editLease(lock, (spec) => ({ ...spec, ...free }));
          const startMs = await startOf(contestant, lock, file);
          const what = `start to child, Lease ${state}, ${place}, ms`;
          if (round >= 0) add(what, contestant.name, startMs);
        }
    for (const [name, argv] of floors) {
      const bare = stage.start(argv);
      const startMs = (await bare.said('x')) - bare.startedAtMs;
      if (round >= 0) add(`floor: start of ${name}, ms`, 'ours', startMs);
      if (round >= 0 && round % memoryEvery === 0) {
        await delay(steadyAfterMs);
        add(`floor: RSS of ${name}, MB`, 'ours', memoryOf(bare.pid).rss / 1_024);
      }
      bare.endCommand();
      await bare.closed;
    }
  }
  return [...samples].map(([what, all]) => ({ what, ...all, digits: what.endsWith('MB') ? 1 : 0 }));

  function add(what: string, who: Contestant['name'], value: number): void {
    const all = samples.get(what) ?? { ours: [], theirs: [] };
    all[who].push(value);
    samples.set(what, all);
  }

  async function startOf(by: Contestant, lock: string, file: string | undefined): Promise<number> {
    const run = { lock, command: speaker, ...(file === undefined ? {} : { kubeconfig: file }) };
    const subject = stage.start(by.commandLine(run));
    const saidAtMs = await subject.said('x');
    subject.endCommand();
    await subject.closed;
    return saidAtMs - subject.startedAtMs;
  }
}
