/** How long nobody works when one leader follows another, and how long two could when a stranger takes the lock. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Rounds, Setting } from './compare.ts';
import { byDefault, short, type Contestant, type Timing } from './contestants.ts';
import { isAlive } from './memory.ts';
import { noParticularMoment, type Stage } from './stage.ts';
import { worker, type Subject } from './subject.ts';
import { note, type Figure } from './table.ts';

/** A leader and a standby, again and again: who stood by leads in the next round. */
interface Dynasty {
  /** One figure, in ms. */
  next(): Promise<number>;
  end(): Promise<void>;
}

/** From the old command's last word to the new one's first. */
export async function compareHandOver(setting: Setting, rounds: Rounds): Promise<Figure[]> {
  const dynasty = (by: Contestant) =>
    dynastyOf(setting.stage, by, {
      timing: byDefault,
      betweenMs: [300, 2_000],
      async succession(leader, standby) {
        leader.signal('SIGTERM');
        const endedAtMs = await leader.said('y');
        return (await standby.said('x')) - endedAtMs;
      },
    });
  const what = 'hand-over after SIGTERM: end of old child → new child, ms';
  return [{ what, ...(await takeTurns(what, setting, rounds, dynasty)) }];
}

/**
 * Beyond the lease, which runs from the last renewal by the leader's own wall clock: before anybody saw it. The standby
 * watches by then, and has been shown a renewal: whoever finds one that is older waits as long from then.
 */
export async function compareTakeover(setting: Setting, rounds: Rounds): Promise<Figure[]> {
  const { stage } = setting;
  const dynasty = (by: Contestant) =>
    dynastyOf(stage, by, {
      timing: short,
      betweenMs: [1_000, 2_500],
      async succession(leader, standby, lock) {
        leader.kill();
        await leader.exited;
        // A renewal may have been on its way.
        await delay(200);
        const { renewTime } = (await stage.lease(lock))?.spec ?? {};
        const wallMs = performance.timeOrigin + (await standby.said('x')) + wallAheadMs();
        return wallMs - Date.parse(renewTime as string) - Number.parseFloat(short.lease) * 1_000;
      },
    });
  const what = 'takeover after SIGKILL: last renewal + lease (3 s) → new child, ms';
  return [{ what, ...(await takeTurns(what, setting, rounds, dynasty)) }];
}

/** From the server's answer to whoever wrote another holder to the end of the leader's command. */
export async function compareForeignHolder(setting: Setting, rounds: Rounds): Promise<Figure[]> {
  const retryMs = Number.parseFloat(byDefault.retry) * 1_000;
  const young = 'foreign holder written in the first retry period → child gone, ms';
  const settled = 'foreign holder written later → child gone, ms';
  return [
    {
      what: young,
      ...(await takeTurns(young, setting, { ...rounds, theirs: 0 }, (by) =>
        reignsOf(setting.stage, by, [100, 0.9 * retryMs]),
      )),
    },
    {
      what: settled,
      ...(await takeTurns(settled, setting, rounds, (by) =>
        reignsOf(setting.stage, by, [1.2 * retryMs, 2.2 * retryMs]),
      )),
    },
  ];
}

/** Leaders that are usurped at some moment between these two of their terms. */
function reignsOf(stage: Stage, by: Contestant, [fromMs, toMs]: [number, number]): Dynasty {
  return {
    async next() {
      const lock = `foreign-${by.name}`;
      await stage.deleteLease(lock);
      const leader = stage.start(by.commandLine({ lock, command: worker }));
      await leader.said('x');
      await noParticularMoment(fromMs, toMs);
      const now = new Date().toISOString().replace('Z', '000Z');
      await stage.editLease(lock, (spec) => {
        return { ...spec, holderIdentity: 'a stranger', acquireTime: now, renewTime: now };
      });
      const writtenAtMs = performance.now();
      while (isAlive(leader.commandPid)) await delay(1);
      const goneAtMs = performance.now();
      await leader.closed;
      return goneAtMs - writtenAtMs;
    },
    end: () => Promise.resolve(),
  };
}

interface Drama {
  readonly timing: Timing;
  /** For how long the standby has stood by when the succession begins: at some moment of that. */
  readonly betweenMs: [number, number];
  readonly succession: (leader: Subject, standby: Subject, lock: string) => Promise<number>;
}

function dynastyOf(
  stage: Stage,
  by: Contestant,
  { timing, betweenMs, succession }: Drama,
): Dynasty {
  const lock = `succession-${by.name}`;
  const start = () => stage.start(by.commandLine({ lock, command: worker, timing }));
  let leader: Subject | undefined;
  return {
    async next() {
      leader ??= start();
      await leader.said('x');
      const standby = start();
      await standby.standsBy();
      await noParticularMoment(...betweenMs);
      const ms = await succession(leader, standby, lock);
      // The command of a killed wrapper may live on, until then.
      leader.endCommand();
      await leader.closed;
      leader = standby;
      return ms;
    },
    async end() {
      leader?.signal('SIGTERM');
      await leader?.closed;
      await stage.deleteLease(lock);
    },
  };
}

async function takeTurns(
  what: string,
  { ours, theirs }: Setting,
  rounds: Rounds,
  dynasty: (by: Contestant) => Dynasty,
): Promise<Pick<Figure, 'ours' | 'theirs'>> {
  const both = [ours, theirs].map((by) => ({ by: by.name, dynasty: dynasty(by) }));
  const samples: Record<Contestant['name'], number[]> = { ours: [], theirs: [] };
  for (let round = 0; round < Math.max(rounds.ours, rounds.theirs); round++)
    for (const each of both) {
      if (round >= rounds[each.by]) continue;
      const ms = await each.dynasty.next();
      note(`${what}, round ${String(round + 1)}, ${each.by}: ${ms.toFixed(1)}`);
      samples[each.by].push(ms);
    }
  for (const each of both) await each.dynasty.end();
  return samples;
}

/** How far the wall clock has drifted from where it was by the monotonic one when this process began. */
function wallAheadMs(): number {
  return Date.now() - (performance.timeOrigin + performance.now());
}
