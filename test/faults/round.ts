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
import { readFamilies, youngest, type Family } from './families.ts';
import { blowsIn, heal } from './faults.ts';
import { stranger } from './foreign-hand.ts';
import {
  gapsOf,
  overlaps,
  overwritten,
  releasedTooEarly,
  restored,
  unexpectedEnd,
  type Gap,
} from './judge.ts';
import { departure } from './left-behind.ts';
import { monotonicMs } from './monotonic.ts';
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

export interface Result {
  readonly kind: Kind;
  readonly number: number;
  readonly faults: number;
  readonly takeovers: number;
  readonly gaps: readonly Gap[];
  readonly overlaps: number;
  readonly orphans: number;
  readonly overwritten: number;
  /** From a wrapper's SIGKILL to the last sign of its family. */
  readonly lingeredMs: number;
  /** From the healing to a leader. */
  readonly recoveredMs: number;
  readonly silentMs: number;
  readonly problems: readonly string[];
  /** What happened, one line each. */
  readonly timeline: string;
}

/** A case of its own says 100 ms; the rest is for two cores that dozens of processes share. */
const orphanAfterMs = 1_000;
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
  const blows = chance.whole(3, kind === 'server' ? 4 : 6);
  for (let blow = 0; blow < blows; blow++) {
    const target = await targetOf(bout);
    if (target) {
      const done = await chance.weighted(blowsIn[kind])(bout, target);
      bout.faults++;
      note(bout, `${target.name} ${done}`);
    }
    const longestMs = kind === 'server' ? 1_500 : 2_500;
    await delay(chance.between(0, 1) ** 2 * longestMs);
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
  return chance.isTrue(0.6) ? (leader ?? choice) : choice;
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

type Judgement = Omit<Result, 'recoveredMs' | 'timeline' | 'number'>;

async function judge(bout: Bout, problems: readonly string[]): Promise<Judgement> {
  const { arena, pitch, lock, lives, lease } = bout;
  const lastEndMs = Math.max(...bout.contenders.map(({ end }) => end?.atMs ?? 0));
  const cookies = (await readFamilies(lives)).map(({ cookie }) => cookie);
  const marks = bout.contenders.map(({ mark }) => mark);
  const { goneAtMs, left } = await departure([...marks, ...cookies], 5_000);
  const families = await readFamilies(lives);
  const latest = BigInt((await lease.lease())?.metadata.resourceVersion ?? 0);
  const history = await until('all versions are known', () => {
    const known = arena.history.of(pitch.namespace, lock);
    return (known.at(-1)?.version ?? 0n) >= latest && known;
  });
  const gaps = gapsOf(families, history);
  const overlapping = overlaps(families, gaps);
  const taken = overwritten(history, bout);
  const isLate = goneAtMs - lastEndMs > orphanAfterMs;
  return {
    kind: bout.kind,
    faults: bout.faults,
    takeovers: gaps.length,
    gaps,
    overlaps: overlapping.length,
    orphans: left.length || Number(isLate),
    overwritten: taken.length,
    lingeredMs: lingeredMs(bout, families),
    silentMs: silentMs(bout, families),
    problems: [
      ...problems,
      ...overlapping,
      ...taken,
      ...releasedTooEarly(families, history),
      ...restored(bout),
      ...bout.contenders.map(unexpectedEnd).filter((problem) => problem !== undefined),
      ...(left.length > 0 ? [`left behind: ${left.join(', ')}`] : []),
      ...(isLate && left.length === 0
        ? [`the last process went ${Math.round(goneAtMs - lastEndMs)} ms late`]
        : []),
    ],
  };
}

function lingeredMs({ contenders }: Bout, families: readonly Family[]): number {
  const delays = contenders.flatMap(({ mark, killedAtMs }) =>
    killedAtMs === undefined
      ? []
      : families.filter((family) => family.mark === mark).map(({ lastMs }) => lastMs - killedAtMs),
  );
  return Math.max(0, ...delays);
}

/** The longest silence, but for families of which somebody was frozen. */
function silentMs({ frozen }: Bout, families: readonly Family[]): number {
  const free = families.filter(({ pids }) => ![...pids].some((pid) => frozen.has(pid)));
  return Math.max(0, ...free.map((family) => family.silentMs));
}
