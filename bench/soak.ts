/** Whether memory grows with time: a leader and a standby of the built program, looked at every minute. */
import { setTimeout as delay } from 'node:timers/promises';
import { contestants } from './contestants.ts';
import { keepersOf, memoryOf, sum } from './memory.ts';
import { circumstances } from './place.ts';
import { openStage } from './stage.ts';
import { worker, type Subject } from './subject.ts';
import { median, print } from './table.ts';

/** The first minutes are left out of the comparison: the heap finds its size. */
const warmMinutes = 5;

export async function soak(minutes: number, command: string): Promise<void> {
  const { ours } = await contestants();
  const stage = await openStage();
  try {
    await stage.becomePod();
    const start = () => stage.start(ours.commandLine({ lock: 'soak', command: worker }));
    const leader = start();
    await leader.said('x');
    const standby = start();
    await standby.standsBy();

    const seen: { leader: number; standby: number }[] = [];
    const line = (cells: readonly string[]) => {
      print(`| ${cells.map((cell) => cell.padStart(12)).join(' | ')} |`);
    };
    line(['minute', 'leader, MB', 'its keepers, MB', 'standby, MB']);
    line(Array<string>(4).fill('-----------:'));
    for (let minute = 1; minute <= minutes; minute++) {
      await delay(60_000);
      if (leader.hasEnded || standby.hasEnded) throw new Error('one of them has ended');
      const now = { leader: megabytes(leader), standby: megabytes(standby) };
      seen.push(now);
      const figures = [now.leader, keeperMegabytes(leader), now.standby];
      line([String(minute), ...figures.map((figure) => figure.toFixed(1))]);
    }
    for (const who of ['leader', 'standby'] as const)
      print(
        trend(
          who,
          seen.map((each) => each[who]),
        ),
      );
    print(`\n${circumstances(command)}`);
    standby.signal('SIGTERM');
    await standby.closed;
    leader.signal('SIGTERM');
    await leader.closed;
  } finally {
    await stage.close();
  }
}

function megabytes({ pid }: Subject): number {
  return memoryOf(pid).rss / 1_024;
}

function keeperMegabytes(leader: Subject): number {
  return sum(keepersOf(leader).map(memoryOf)).rss / 1_024;
}

function trend(who: string, megabytesByMinute: readonly number[]): string {
  const warm = megabytesByMinute.slice(warmMinutes);
  const third = Math.ceil(warm.length / 3);
  if (third === 0) return `${who}: too short to tell`;
  const [early, late] = [median(warm.slice(0, third)), median(warm.slice(-third))];
  return `${who}: ${early.toFixed(1)} MB in the first third, ${late.toFixed(1)} MB in the last`;
}
