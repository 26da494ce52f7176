/**
 * `--on-lost rejoin` on a connection that goes and comes: CMD is started anew in every term, never beside another one,
 * what a candidate has promised to wait for survives, and all that costs few requests and hardly any processor time.
 * `SEED=7` repeats the choices, `FLAPS=100` has more of them.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { Fault, FaultyProxy } from '../support/faulty-proxy.ts';
import { seededRandom } from '../support/random.ts';
import type { Candidate } from './support/candidate.ts';
import { swift } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { gapsMs } from './support/lives.ts';
import { until } from './support/until.ts';

const seed = Number(process.env['SEED'] ?? randomInt(1_000_000));
const flaps = Number(process.env['FLAPS'] ?? 5);
const faults: readonly Fault[] = ['swallow', 'swallow-answers', 'reset', 'refuse'];
/** Lost after two seconds without a renewal, killed after 2.6, succeeded after three. */
const brisk = ['--lease-duration', '3s', '--renew-deadline', '2s', '--retry-period', '500ms'];
const rejoin = [...brisk, '--on-lost', 'rejoin'];

type Proxied = Candidate & { readonly proxy: FaultyProxy };

/** Processor time that a process has used so far, its children left out. */
function usedMs({ pid }: Candidate): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  // Ticks of 10 ms: utime and stime of proc_pid_stat(5).
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** What share of one processor the candidate takes while that goes on. */
async function shareDuring(candidate: Candidate, work: () => Promise<unknown>): Promise<number> {
  const [began, used] = [performance.now(), usedMs(candidate)];
  await work();
  return (usedMs(candidate) - used) / (performance.now() - began);
}

function eventsOf({ log }: Candidate): string[] {
  return log.map(({ event }) => event);
}

describe.concurrent(`with --on-lost rejoin and SEED=${seed}`, () => {
  test('a sole candidate that loses its connection many times starts CMD anew each time', async ({
    contest,
    annotate,
  }) => {
    const random = seededRandom(seed);
    const a = await contest.joinThroughProxy('a', { flags: rejoin, command: contest.life('deaf') });
    await a.told('elected');
    await contest.nthLife(1);
    const share = await shareDuring(a, async () => {
      for (let n = 1; n <= flaps; n += 1) {
        await a.proxy.set(faults[Math.floor(random() * faults.length)]!);
        await a.told('lost');
        await a.proxy.heal(random() < 0.5 ? 'deliver' : 'drop');
        await a.told('elected');
        await contest.nthLife(n + 1);
      }
    });
    const lives = await contest.lives();
    expect(lives).toHaveLength(flaps + 1);
    for (const gapMs of gapsMs(lives)) expect(gapMs).toBeGreaterThan(0);
    await annotate(
      `${Math.round(share * 100)} % of a processor, ${a.proxy.connections} connections`,
    );
    expect(share).toBeLessThan(0.25);
    expect(eventsOf(a).filter((event) => event === 'started')).toHaveLength(flaps + 1);
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 137, signal: null });
  });

  test('two whose connections go and come lead in turn, never both', async ({
    contest,
    annotate,
  }) => {
    const random = seededRandom(seed + 1);
    const command = contest.life('deaf');
    const join = (name: string) => contest.joinThroughProxy(name, { flags: rejoin, command });
    const a = await join('a');
    await a.told('elected');
    await contest.nthLife(1);
    let [leader, standby]: [Proxied, Proxied] = [a, await join('b')];
    for (let n = 1; n <= flaps; n += 1) {
      await standby.told('standing-by');
      // The standby's connection may flicker as well, as long as it comes back.
      if (random() < 0.5) {
        await standby.proxy.set('reset');
        await standby.proxy.heal('drop');
      }
      await leader.proxy.set(faults[Math.floor(random() * faults.length)]!);
      await standby.told('elected');
      await contest.nthLife(n + 1);
      await leader.proxy.heal(random() < 0.5 ? 'deliver' : 'drop');
      [leader, standby] = [standby, leader];
    }
    const gaps = gapsMs(await contest.lives());
    await annotate(`gaps: ${gaps.join(', ')} ms`);
    expect(gaps).toHaveLength(flaps);
    for (const gapMs of gaps) expect(gapMs).toBeGreaterThan(0);
  });

  test.for(['reset', 'refuse'] as const)(
    'one that meets nothing but %s comes back now and then, not all the time',
    async (fault, { contest, annotate }) => {
      const a = await contest.joinThroughProxy('a', { flags: rejoin });
      await a.told('elected');
      await contest.nthLife(1);
      await a.proxy.set(fault);
      await a.told('lost');
      await a.told('out-of-reach');
      const [connections, began] = [a.proxy.connections, performance.now()];
      const outageMs = 6_000;
      const share = await shareDuring(a, () => delay(outageMs));
      const perSecond = ((a.proxy.connections - connections) * 1_000) / (performance.now() - began);
      await annotate(`${perSecond.toFixed(1)} connections a second, ${(share * 100).toFixed(1)} %`);
      // Every retry period a look; never more often than twice that.
      expect(perSecond).toBeLessThan(4);
      expect(share).toBeLessThan(0.15);
      const lines = a.log.length;
      await a.proxy.heal();
      await a.told('elected');
      // The log tells of the outage once, not of every attempt.
      expect(eventsOf(a).filter((event) => event === 'out-of-reach')).toHaveLength(1);
      expect(lines).toBeLessThan(12);
    },
  );

  test('a flood of short breaks is few requests to the server', async ({ contest, annotate }) => {
    const random = seededRandom(seed + 2);
    const a = await contest.joinThroughProxy('a', { flags: rejoin });
    await contest.nthLife(1);
    const before = (await contest.requests('a')).length;
    const began = performance.now();
    const share = await shareDuring(a, async () => {
      for (let n = 0; n < 20 * flaps; n += 1) {
        await a.proxy.set('reset');
        await a.proxy.heal();
        await delay(20 + 60 * random());
      }
    });
    const seconds = (performance.now() - began) / 1_000;
    await contest.nextRequests('a', 1);
    const perSecond = ((await contest.requests('a')).length - before) / seconds;
    await annotate(`${perSecond.toFixed(1)} requests a second, ${(share * 100).toFixed(1)} %`);
    // A renewal is repeated after 100 ms at the earliest, a watch as well.
    expect(perSecond).toBeLessThan(20);
    expect(share).toBeLessThan(0.5);
    expect(eventsOf(a)).not.toContain('lost');
    expect(await contest.lives()).toHaveLength(1);
  });

  test('what another leader was promised is waited out, however often the connection goes', async ({
    contest,
    annotate,
  }) => {
    const command = contest.life('deaf', 'family');
    const flags = [...swift, '--on-lost', 'rejoin'];
    const a = await contest.joinThroughProxy('a', { flags, command });
    await a.told('elected');
    await contest.nthLife(1, 2);
    const b = await contest.joinThroughProxy('b', { flags, command });
    await b.told('standing-by');
    await a.proxy.set('swallow');
    await a.told('lost');
    await b.told('elected');
    await contest.nthLife(2, 2);
    await a.proxy.heal();
    // It has led, has lost, and has seen who leads now: that is all it will know.
    await a.told('standing-by');
    await b.proxy.set('swallow');
    await a.proxy.set('refuse');
    await contest.deleteLease();
    for (let n = 0; n < flaps; n += 1) {
      await a.proxy.heal();
      await until('a connection', () => a.proxy.connections > 0);
      await delay(100);
      await a.proxy.set('refuse');
    }
    await a.proxy.heal();
    await contest.nthLife(3, 2);
    const gaps = gapsMs(await contest.lives());
    await annotate(`gaps: ${gaps.join(', ')} ms`);
    for (const gapMs of gaps) expect(gapMs).toBeGreaterThan(0);
    expect(eventsOf(a)).toContain('waiting-out');
  });
});
