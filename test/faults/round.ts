/**
 * One round for one lock:
 *
 *     enter ─▶ a leader ─▶ blows, with newcomers for those who end ─▶ heal ─▶ a leader again ─▶ TERM to all ─▶ judge
 *
 * A server round shares its blows on the server with others: it says when it has a leader, and heals when the
 * server has.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { leaseAt } from '../cluster/support/lease.ts';
import { until } from '../cluster/support/until.ts';
import type { Arena } from './arena.ts';
import { note, present, type Bout, type Kind, type Note } from './bout.ts';
import { chanceOf } from './chance.ts';
import { enter, leave, planOf, signal, type Contender } from './contender.ts';
import { youngest } from './families.ts';
import { blowsIn, heal } from './faults.ts';
import { stranger } from './foreign-hand.ts';
import { monotonicMs } from './monotonic.ts';
import { judge, type Result } from './result.ts';
import { timelineOf } from './timeline.ts';

/** What a round shares with others. */
export interface Trouble {
  ready(): void;
  readonly over: Promise<unknown>;
  readonly notes: readonly Note[];
}

export interface RoundPlan {
  readonly seed: number;
  readonly number: number;
  readonly kind: Kind;
  readonly trouble?: Trouble;
}

const mostContenders = 9;

export async function playRound(arena: Arena, plan: RoundPlan): Promise<Result> {
  const pitch = await arena.enter();
  const lock = `round-${plan.number}`;
  const lives = join(arena.folder, pitch.namespace, lock);
  await mkdir(lives);
  const bout: Bout = {
    ...{ arena, pitch, lock, lives, kind: plan.kind, chance: chanceOf(plan.seed, plan.number) },
    lease: leaseAt(arena.controlPlane.request, { namespace: pitch.namespace, name: lock }),
    ...{ notes: [], foreign: new Set(), frozen: new Set(), contenders: [], faults: 0 },
  };
  const startedMs = monotonicMs();
  const problems: string[] = [];
  let recoveredMs = NaN;
  try {
    await open(bout);
    plan.trouble?.ready();
    await fight(bout);
    await plan.trouble?.over;
    recoveredMs = await recover(bout);
  } catch (thrown) {
    problems.push(thrown instanceof Error ? thrown.message : String(thrown));
  }
  plan.trouble?.ready();
  await plan.trouble?.over;
  problems.push(...(await end(bout)));
  const result = await judge(bout, problems);
  const notes = [...bout.notes, ...(plan.trouble?.notes ?? [])];
  const timeline =
    result.problems.length === 0 ? '' : await timelineOf({ ...bout, notes }, startedMs);
  arena.history.forget(pitch.namespace, lock);
  await Promise.all(bout.contenders.map(leave));
  await rm(lives, { recursive: true, force: true });
  arena.leave(pitch);
  return { ...result, recoveredMs, number: plan.number, timeline };
}

/** Two or three candidates, now and then with one identity, until one of them leads. */
async function open(bout: Bout): Promise<void> {
  const { chance, lives } = bout;
  const places = chance.isTrue(0.5) ? [0, 1] : [0, 1, 2];
  const shared = chance.isTrue(0.1) ? 'everybody' : undefined;
  await Promise.all(places.map((place) => newcomer(bout, place, shared)));
  await until('the first sign of life', () => youngest(lives));
  if (bout.kind !== 'foreign hand') return;
  // They keep promises that they have seen.
  for (const { candidate } of bout.contenders)
    await until('everybody knows who leads', () =>
      candidate.log.some(({ event }) => event === 'standing-by' || event === 'elected'),
    );
}

async function newcomer(bout: Bout, place: number, identity?: string): Promise<void> {
  const { arena, pitch, contenders, lock, lives, chance, kind } = bout;
  const account = pitch.accounts[place % pitch.accounts.length]!;
  const name = `${account.name}${contenders.length}`;
  const plan = { ...planOf(chance), identity };
  const revocable = kind === 'credentials';
  const contender = await enter({ arena, pitch, account, name, lock, lives, plan, revocable });
  contenders.push(contender);
  const { leaseS, renewMs, retryMs } = plan.timing;
  note(
    bout,
    `${name} enters, ${leaseS} s/${renewMs} ms/${retryMs} ms, ${plan.onLost}, family ${plan.family.join(' ')}`,
  );
}

async function fight(bout: Bout): Promise<void> {
  const { chance, kind } = bout;
  const blows = chance.whole(4, kind === 'server' ? 5 : 7);
  for (let blow = 0; blow < blows; blow++) {
    const target = await targetOf(bout);
    if (target) {
      const done = await chance.weighted(blowsIn[kind])(bout, target);
      bout.faults++;
      note(bout, `${target.name} ${done}`);
    }
    // Often at once, now and then not before a term has been lost.
    await delay(chance.between(0, 1) ** 2 * 3_500);
    if (kind !== 'foreign hand') await fillUp(bout);
  }
  // The server believes in a token for as long as 10 s.
  if (kind === 'credentials') await delay(chance.whole(0, 10_000));
}

/** Mostly the leader. */
async function targetOf(bout: Bout): Promise<Contender | undefined> {
  const { chance, lives } = bout;
  const [first, ...others] = present(bout);
  if (!first) return undefined;
  const choice = chance.oneOf([first, ...others]);
  const family = await youngest(lives);
  const leader = [first, ...others].find(({ mark }) => mark === family?.mark);
  return chance.isTrue(0.7) ? (leader ?? choice) : choice;
}

/** At least two at any time. */
async function fillUp(bout: Bout): Promise<void> {
  while (present(bout).length < 2 && bout.contenders.length < mostContenders)
    await newcomer(bout, bout.contenders.length);
}

/** How long it took until somebody led. */
async function recover(bout: Bout): Promise<number> {
  const { arena, pitch, lock, lives } = bout;
  // Whoever has a claim to a Lease that a foreign hand has taken away has taken it back by then.
  if (bout.kind === 'foreign hand') await delay(1_000);
  await heal(bout);
  const healedMs = monotonicMs();
  note(bout, 'healed');
  const leads = async (): Promise<boolean> => {
    if (present(bout).length === 0) await newcomer(bout, bout.contenders.length);
    const latest = arena.history.of(pitch.namespace, lock).at(-1);
    const holder = latest?.spec?.holderIdentity;
    if (!latest || !holder || holder === stranger || latest.heardMs < healedMs) return false;
    const family = await youngest(lives);
    return family !== undefined && family.lastMs > latest.heardMs && family.token <= latest.version;
  };
  await until('somebody leads after the healing', leads, { everyMs: 25, withinMs: 20_000 });
  note(bout, 'somebody leads');
  return monotonicMs() - healedMs;
}

/** TERM to everybody, and nothing may be left. */
async function end(bout: Bout): Promise<string[]> {
  const { chance } = bout;
  await heal(bout);
  for (const contender of present(bout)) {
    signal(contender, 'SIGTERM');
    if (chance.isTrue(0.5)) await delay(chance.between(0, 200));
  }
  const isOver = () => present(bout).length === 0;
  try {
    await until('everybody has ended after TERM', isOver, { withinMs: 20_000 });
    return [];
  } catch (thrown) {
    for (const contender of present(bout)) signal(contender, 'SIGKILL');
    await Promise.all(bout.contenders.map(({ candidate }) => candidate.exited));
    return [String(thrown)];
  }
}
