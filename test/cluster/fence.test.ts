/** `k8s-leader fence` on a real server: a former leader that wakes up is refused by the server itself. */
import { describe, expect, vi } from 'vitest';
import { childrenOf } from '../process/support/proc.ts';
import { rounds, swift } from './support/contest.ts';
import { fenceOff, joinAsWriter, nowMs, type Answer, type Writer } from './support/fenced.ts';
import { test } from './support/fixtures.ts';
import { until } from './support/until.ts';

vi.setConfig({ testTimeout: 400_000 });

const wasAdmitted = ({ status }: Answer) => status === 200;

/** The wrapper, the keepers and the command: each is the only child of the one before. */
function family({ candidate: { pid } }: Writer): number[] {
  const [child] = childrenOf(pid);
  return child === undefined ? [pid] : [pid, ...family({ candidate: { pid: child } } as Writer)];
}

const forms = [
  ['identity', []],
  ['identity', ['--lock-kind', 'configmap']],
  ['token', []],
] as const;

describe.concurrent.each(forms)('by %s %j', (by, kind) => {
  const how = { flags: [...swift, ...kind], carriesToken: by === 'token' };

  test.for(rounds)(
    'a leader that wakes up late is refused: round %i',
    async (round, { contest }) => {
      await fenceOff(contest, ['--by', by, ...kind]);
      const old = await joinAsWriter(contest, 'old', how);
      await old.answer('it leads and writes', wasAdmitted);
      const next = await joinAsWriter(contest, 'next', how);
      await next.candidate.told('standing-by');

      // From the wrapper down: a keeper would continue the one below it.
      const stopped = family(old);
      expect(stopped.length).toBe(4);
      for (const pid of stopped) process.kill(pid, 'SIGSTOP');
      const first = await next.answer('it leads and writes', wasAdmitted);

      // The command alone, as if it were the first to run after the thaw.
      const thawedMs = nowMs();
      process.kill(stopped.at(-1)!, 'SIGCONT');
      const isLate = ({ begunMs }: Answer) => begunMs > thawedMs;
      await until('it has tried', () => old.answers().filter(isLate).length > 3);
      const late = old.answers().filter(isLate);
      expect([round, new Set(late.map(({ status }) => status))]).toEqual([round, new Set([403])]);
      expect(late[0]?.said).toMatch(
        by === 'token'
          ? /: token \d+ is older than \d+, so its writer has a successor$/
          : /: this Pod, old, does not lead; the holder is "next_[-0-9a-f]+"$/,
      );
      for (const { said } of old.answers().filter(wasAdmitted))
        expect(BigInt(said)).toBeLessThan(BigInt(first.said));

      for (const pid of stopped) carryOn(pid);
      await old.candidate.ended;
    },
  );
});

/** Whoever went on before has ended it by now, perhaps. */
function carryOn(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It is gone.
  }
}
