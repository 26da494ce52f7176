/** What happens to the server of all rounds at once. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from '../support/control-plane.ts';
import type { Note } from './bout.ts';
import type { Chance } from './chance.ts';
import { monotonicMs } from './monotonic.ts';

type Strike = (controlPlane: ControlPlane, ms: number) => Promise<unknown>;

const strikes: readonly (readonly [number, readonly [name: string, strike: Strike]])[] = [
  [3, ['apiserver killed', killed('apiserver', 'SIGKILL')]],
  [1, ['apiserver ended by TERM', killed('apiserver', 'SIGTERM')]],
  [3, ['apiserver frozen', frozen('apiserver')]],
  [2, ['etcd killed', killed('etcd', 'SIGKILL')]],
  [2, ['etcd frozen', frozen('etcd')]],
];

/** One or two strikes; ends when the server is well again. Returns how many. */
export async function strikeServer(
  controlPlane: ControlPlane,
  { chance, notes }: { chance: Chance; notes: Note[] },
): Promise<number> {
  const count = chance.whole(1, 2);
  for (let strike = 0; strike < count; strike++) {
    const [name, hit] = chance.weighted(strikes);
    const ms = chance.whole(100, 5_000);
    notes.push({ atMs: monotonicMs(), text: `${name} for ${ms} ms` });
    await hit(controlPlane, ms);
    notes.push({ atMs: monotonicMs(), text: `${name}: well again` });
    await delay(chance.between(0, 2_000));
  }
  await Promise.all([controlPlane.etcd.start(), controlPlane.apiserver.start()]);
  return count;
}

function killed(part: 'apiserver' | 'etcd', signal: NodeJS.Signals): Strike {
  return async (controlPlane, ms) => {
    await controlPlane[part].stop(signal);
    await delay(ms);
    await controlPlane[part].start();
  };
}

function frozen(part: 'apiserver' | 'etcd'): Strike {
  return async (controlPlane, ms) => {
    controlPlane[part].pause();
    await delay(ms);
    controlPlane[part].resume();
  };
}
