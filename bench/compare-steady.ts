/** What a leader and a standby cost while nothing happens: memory, processor time, requests. */
import { setTimeout as delay } from 'node:timers/promises';
import type { AuditEntry } from '../test/support/control-plane.ts';
import type { Setting } from './compare.ts';
import type { Contestant } from './contestants.ts';
import { keepersOf, memoryOf, sum, wrapperSecondsOf, type Memory } from './memory.ts';
import { asPod } from './place.ts';
import { worker, type Subject } from './subject.ts';
import { note, type Figure } from './table.ts';

const settledAfterMs = 15_000;
const observedForMs = 60_000;

type Role = 'leader' | 'standby';

interface Actor {
  readonly who: Contestant['name'];
  readonly role: Role;
  readonly user: string;
  readonly subject: Subject;
}

interface Cost {
  readonly wrapper: Memory;
  readonly keepers: Memory;
  readonly keeperCount: number;
  readonly processorSeconds: number;
  /** By verb. A watch counts when it is opened. */
  readonly requests: ReadonlyMap<string, number>;
  readonly openWatches: number;
}

export async function compareSteadyState(setting: Setting): Promise<Figure[]> {
  const { stage, ours, theirs } = setting;
  const actors = [...(await pair(setting, ours)), ...(await pair(setting, theirs))];
  note(`steady state, ${String((settledAfterMs + observedForMs) / 1_000)} s`);
  await delay(settledAfterMs);
  const seconds = () => actors.map(({ subject }) => wrapperSecondsOf(subject));
  const before = seconds();
  const from = new Date().toISOString();
  await delay(observedForMs);
  const to = new Date().toISOString();
  const after = seconds();

  const log = await stage.controlPlane.auditLog();
  const costs = new Map<string, Cost>();
  for (const [index, actor] of actors.entries()) {
    const { who, role, user, subject } = actor;
    const own = log.filter((entry) => entry.user === user);
    const keepers = keepersOf(subject);
    costs.set(`${role} ${who}`, {
      wrapper: memoryOf(subject.pid),
      keepers: sum(keepers.map(memoryOf)),
      keeperCount: keepers.length,
      processorSeconds: after[index]! - before[index]!,
      requests: countByVerb(own.filter(({ receivedAt: at }) => at >= from && at < to)),
      openWatches: own.filter(isOpenWatch).length,
    });
  }
  for (const { subject, role } of actors) if (role === 'standby') await ended(subject);
  for (const { subject, role } of actors) if (role === 'leader') await ended(subject);
  return (['leader', 'standby'] as const).flatMap((role) => figuresOf(role, costs));
}

async function pair({ stage }: Setting, contestant: Contestant): Promise<Actor[]> {
  const start = async (role: Role): Promise<Actor> => {
    const { user, folder } = await stage.account(`${contestant.name}-${role}`);
    const run = { lock: `steady-${contestant.name}`, command: worker };
    const subject = stage.start(asPod(folder, contestant.commandLine(run)));
    return { who: contestant.name, role, user, subject };
  };
  const leader = await start('leader');
  await leader.subject.said('x');
  const standby = await start('standby');
  await standby.subject.standsBy();
  return [leader, standby];
}

async function ended(subject: Subject): Promise<void> {
  subject.signal('SIGTERM');
  await subject.closed;
}

export function countByVerb(entries: readonly AuditEntry[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { verb } of entries) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  return counts;
}

export function isOpenWatch({ verb, stage }: AuditEntry): boolean {
  return verb === 'watch' && stage === 'ResponseStarted';
}

function figuresOf(role: Role, costs: ReadonlyMap<string, Cost>): Figure[] {
  const ours = costs.get(`${role} ours`)!;
  const theirs = costs.get(`${role} theirs`)!;
  const perMinute = 60_000 / observedForMs;
  const figure = (what: string, of: (cost: Cost) => number, digits = 0): Figure => {
    return { what: `${role}: ${what}`, ours: [of(ours)], theirs: [of(theirs)], digits };
  };
  const verbs = [...new Set([...ours.requests.keys(), ...theirs.requests.keys(), 'get', 'update'])];
  const keepers: Figure[] = [
    figure('keepers', ({ keeperCount }) => keeperCount),
    figure('their RSS, MB', (cost) => cost.keepers.rss / 1_024, 1),
    figure('their PSS, MB', (cost) => cost.keepers.pss / 1_024, 1),
  ];
  return [
    figure('RSS, MB', ({ wrapper }) => wrapper.rss / 1_024, 1),
    figure('PSS, MB', ({ wrapper }) => wrapper.pss / 1_024, 1),
    ...(ours.keeperCount > 0 ? keepers : []),
    figure('CPU s a minute', ({ processorSeconds }) => processorSeconds * perMinute, 2),
    ...verbs.sort().map((verb) => {
      return figure(`${verb} a minute`, ({ requests }) => (requests.get(verb) ?? 0) * perMinute);
    }),
    figure('open watches', ({ openWatches }) => openWatches),
  ];
}
