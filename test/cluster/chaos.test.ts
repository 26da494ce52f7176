/**
 * Three candidates under faults that a seed chooses: networks that fail, processes that stop, die and
 * come back. CHAOS_SEED repeats a schedule as far as real time allows; CHAOS_STEPS makes it longer.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Fault, FaultyProxy } from '../support/faulty-proxy.ts';
import type { Candidate } from './support/candidate.ts';
import type { Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { gapsMs } from './support/lives.ts';

const seed = Number(process.env['CHAOS_SEED'] ?? randomInt(1_000_000));
const steps = Number(process.env['CHAOS_STEPS'] ?? 40);
const flags = [
  ...['--lease-duration=3s', '--renew-deadline=2s', '--retry-period=500ms'],
  ...['--on-lost=rejoin', '--stop-timeout=1s'],
];

/** Uniform in [0, 1): mulberry32. */
function randomFrom(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Contender = Candidate & { proxy: FaultyProxy };
type Blow = readonly [name: string, strike: (on: Contender) => unknown];

const faults: readonly Fault[] = [
  'swallow',
  'swallow-answers',
  'reset',
  'refuse',
  { delayMs: 100 },
  { delayMs: 700 },
  { delayMs: 1_500 },
];
const blows: readonly Blow[] = [
  ...faults.map((fault): Blow => [JSON.stringify(fault), ({ proxy }) => proxy.set(fault)]),
  ['heal', ({ proxy }) => proxy.heal('deliver')],
  ['heal', ({ proxy }) => proxy.heal('deliver')],
  ['heal, what was lost is lost', ({ proxy }) => proxy.heal('drop')],
  ...(['SIGSTOP', 'SIGCONT', 'SIGCONT', 'SIGTERM', 'SIGKILL'] as const).map((signal): Blow => [
    signal,
    (contender) => {
      contender.signal(signal);
    },
  ]),
];

test(
  'chaos never lets two commands run at once, and ends with a leader',
  { timeout: 600_000 },
  async ({ contest, onTestFailed }) => {
    const schedule = [`CHAOS_SEED=${seed} CHAOS_STEPS=${steps}`];
    onTestFailed(() => {
      process.stderr.write(`${schedule.join('\n')}\n`);
    });
    const random = randomFrom(seed);
    const oneOf = <T>(many: readonly T[]): T => many[Math.floor(random() * many.length)]!;
    const contenders: Contender[] = [];
    for (const name of ['a', 'b', 'c']) contenders.push(await enter(contest, name));
    let entered = contenders.length;

    for (let step = 0; step < steps; step++) {
      const place = Math.floor(random() * contenders.length);
      const [name, strike] = oneOf(blows);
      const pauseMs = Math.floor(random() ** 2 * 3_000);
      schedule.push(`${new Date().toISOString()} ${contenders[place]!.pid} ${name}, ${pauseMs} ms`);
      await strike(contenders[place]!);
      await delay(pauseMs);
      if (await hasEnded(contenders[place]!)) {
        contenders[place] = await enter(contest, `candidate-${++entered}`);
      }
    }
    for (const contender of contenders) {
      await contender.proxy.heal('deliver');
      contender.signal('SIGCONT');
    }
    const before = await contest.lives();
    for (const contender of contenders) contender.signal('SIGTERM');
    const last = await contest.join('last', { command: contest.life() });
    await last.told('started');
    await contest.nthLife(before.length + 1);

    const gaps = gapsMs(await contest.lives());
    schedule.push(`gaps in ms: ${gaps.join(' ')}`);
    expect(gaps.length).toBeGreaterThan(1);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
    expect(contest.said()).not.toContain('"event":"restored"'); // nobody wrote over anybody
  },
);

function enter(contest: Contest, name: string): Promise<Contender> {
  return contest.joinThroughProxy(name, {
    flags,
    command: contest.life('deaf', 'family', 'exile'),
  });
}

function hasEnded({ ended }: Candidate): Promise<boolean> {
  return Promise.race([ended.then(() => true), Promise.resolve(false)]);
}
