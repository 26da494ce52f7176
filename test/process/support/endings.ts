/** The ways in which a wrapper comes to its end, and with it everything that its command has started. */
import { expect } from 'vitest';
import { send, type Den } from './den.ts';
import { isKeeper, keepersOf, type Keepers } from './keepers.ts';
import { isAlive, stateOf, until } from './proc.ts';
import type { Stage, Wrapper } from './stage.ts';

/** With as much of the machine as others leave. */
export const withinMs = 60_000;

/**
 * Brings a wrapper to its end; settles when nothing may be left of its command. Where the wrapper was killed, with the
 * milliseconds from then until nothing was.
 */
export type Ending = (scene: Scene) => Promise<number | undefined>;

export interface Scene {
  readonly stage: Stage;
  readonly wrapper: Wrapper;
  readonly den: Den;
}

/** Who is deaf is soon killed, and no term ends only because others compute as well. */
export const flags = ['--stop-timeout', '0.2', '--lease-duration', '60', '--renew-deadline', '50'];

/** The wrapper lives, and says that the lock is free when it has ended: by then nobody is left. */
async function ended({ stage, wrapper, den }: Scene, holder = ''): Promise<undefined> {
  await wrapper.exit;
  expect(den.isEmpty()).toBe(true);
  expect(stage.lockFile.holder).toBe(holder);
}

/** Nobody can hand the lock back. All that has to go goes before the lease runs out. */
async function orphaned({ den }: Scene, { outer, inner }: Keepers): Promise<number> {
  const killedAtMs = performance.now();
  let goneAfterMs = 0;
  await until(() => {
    const isNobodyLeft = den.residents().length === 0;
    // Looking once more to be sure takes time, which is not theirs.
    goneAfterMs = performance.now() - killedAtMs;
    return isNobodyLeft && den.isEmpty();
  });
  send(outer, 'SIGCONT');
  await until(() => ![outer, inner].some((pid) => isKeeper(pid) && isAlive(pid)));
  return goneAfterMs;
}

function killing(...who: ('wrapper' | 'outer' | 'inner')[]): Ending {
  return async (scene) => {
    const { wrapper } = scene;
    const pids = { ...keepersOf(wrapper)!, wrapper: wrapper.wrapperPid };
    // Stopped first, so that it cannot take part.
    if (who.includes('wrapper')) send(pids.wrapper, 'SIGSTOP');
    for (const each of who) send(pids[each], 'SIGKILL');
    return who.includes('wrapper') ? orphaned(scene, pids) : ended(scene);
  };
}

function stoppingOneAndKilling(which: 'outer' | 'inner'): Ending {
  return async (scene) => {
    const { wrapper } = scene;
    const keepers = keepersOf(wrapper)!;
    const { wrapperPid } = wrapper;
    send(wrapperPid, 'SIGSTOP');
    send(keepers[which], 'SIGSTOP');
    if (which === 'outer') await until(() => stateOf(keepers.outer) === 'T');
    send(wrapperPid, 'SIGKILL');
    return orphaned(scene, keepers);
  };
}

export const endings = {
  'its first process ends': async (scene) => {
    scene.wrapper.stdin.write('\n');
    return ended(scene);
  },
  'the wrapper gets TERM': async (scene) => {
    scene.wrapper.signal('SIGTERM');
    return ended(scene);
  },
  'another leads': async (scene) => {
    scene.stage.lockFile.usurp('somebody');
    return ended(scene, 'somebody');
  },
  'the wrapper is killed': killing('wrapper'),
  'the inner keeper is killed': killing('inner'),
  'the outer keeper is killed': killing('outer'),
  'the wrapper and the inner keeper are killed': killing('wrapper', 'inner'),
  'the wrapper and the outer keeper are killed': killing('wrapper', 'outer'),
  'the inner keeper is stopped, the wrapper killed': stoppingOneAndKilling('inner'),
  'the outer keeper is stopped, the wrapper killed': stoppingOneAndKilling('outer'),
} satisfies Record<string, Ending>;
export type EndingName = keyof typeof endings;
