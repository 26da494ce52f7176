/** Whether anything grows with the number of renewals: a leader and a standby on a clock that does not wait. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Elector } from '../src/election/elector.ts';
import { defaultTiming } from '../src/election/timing.ts';
import { atRest, FakeClock } from '../src/testing/fake-clock.ts';
import { MemoryLockServer } from '../src/testing/memory-lock.ts';
import { seededRandom } from '../test/support/random.ts';
import { print } from './table.ts';

const marks = [20_000, 40_000, 60_000, 80_000, 100_000];

export async function measureRenewals(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const clock = new FakeClock();
  const server = new MemoryLockServer();
  let renewals = 0;
  const elector = (identity: string, seed: number) =>
    new Elector({
      lock: server.handle({ onTheWayThere: ({ verb }) => void (renewals += +(verb === 'write')) }),
      clock,
      timing: defaultTiming,
      identity,
      requestTimeoutMs: 5_000,
      random: seededRandom(seed),
    });
  const { signal } = new AbortController();
  const won = await elector('leader', 1).campaign({ signal });
  if (won.kind !== 'elected') throw new Error(`the only candidate is ${won.kind}`);
  void elector('standby', 2).campaign({ signal });
  await atRest();

  const heaps: number[] = [];
  for (const mark of marks) {
    while (renewals < mark) {
      await clock.advance(100 * defaultTiming.retryPeriodMs);
      // The server's own memory of what it was asked.
      server.calls.length = 0;
    }
    if (!won.term.isTrusted()) throw new Error('the term was lost');
    collectGarbage();
    heaps.push(process.memoryUsage().heapUsed / 2 ** 20);
    print(`${String(mark)} renewals: heap ${heaps.at(-1)!.toFixed(2)} MB`);
  }
  const grown = heaps.at(-1)! - heaps[0]!;
  const perRenewal = (grown * 2 ** 20) / (marks.at(-1)! - marks[0]!);
  print(`grown by ${grown.toFixed(2)} MB, ${perRenewal.toFixed(2)} bytes a renewal`);
}
