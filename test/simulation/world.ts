/**
 * One simulated world: plays a schedule from its first step to its last, under the referee's eyes. Time is true
 * time; everybody else's clocks derive from it. The same schedule always gives the same story.
 */
import type { LeaderRecord, Versioned } from '../../src/election/lock.ts';
import { isDone } from '../../src/election/record.ts';
import type { RunEvent } from '../../src/events.ts';
import { seededRandom } from '../support/random.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { Pods, type Pod } from './kubelet.ts';
import { Life, onceKey } from './life.ts';
import { Machine } from './machine.ts';
import { Referee } from './referee.ts';
import {
  troublesEndAtMs,
  type CandidatePlan,
  type Place,
  type Schedule,
  type Trouble,
} from './schedule.ts';
import { Operator } from './operator.ts';
import { Server, type Change } from './server.ts';
import type { Endpoint } from './wire.ts';
import type { Work } from './work.ts';

export interface Story {
  readonly violations: readonly string[];
  /** How often each kind of thing happened: a simulation in which nothing happens proves nothing. */
  readonly counts: ReadonlyMap<string, number>;
  /** What happened, a line each; empty unless asked for. */
  readonly timeline: readonly string[];
}

export async function play(schedule: Schedule, { verbose = false } = {}): Promise<Story> {
  const world = new World(schedule, verbose);
  await world.run();
  return world.story();
}

type ForeignHand = Exclude<
  Trouble['kind'],
  Extract<Trouble, { who: number }>['kind'] | 'step-down'
>;

interface Written {
  readonly life: Life;
  readonly version: Versioned;
}

interface Candidate {
  readonly plan: CandidatePlan;
  readonly machine: Machine;
  pod: Pod;
  life: Life | undefined;
}

export class World {
  readonly schedule: Schedule;
  readonly truth = new FakeClock();
  readonly pods = new Pods(this.truth);
  readonly #startMs = this.truth.now();
  readonly healsAtMs = this.#startMs + troublesEndAtMs;
  readonly #referee: Referee;
  readonly #servers: Readonly<Record<Place, Server<Life | undefined>>>;
  readonly #candidates: Candidate[] = [];
  readonly #counts = new Map<string, number>();
  readonly #timeline: string[] = [];
  readonly #isVerbose: boolean;
  readonly #records: Record<Place, Written[]> = { first: [], second: [] };
  readonly #operator: Operator;
  #version = 100;

  constructor(schedule: Schedule, isVerbose: boolean) {
    this.schedule = schedule;
    this.#isVerbose = isVerbose;
    this.#referee = new Referee(this);
    this.#servers = { first: this.#serve('first'), second: this.#serve('second') };
    this.#operator = new Operator(this);
  }

  get isHealed(): boolean {
    return this.truth.now() >= this.healsAtMs;
  }

  async run(): Promise<void> {
    const { schedule, truth } = this;
    schedule.candidates.forEach((plan, place) => void this.#populate(plan, place));
    for (const trouble of schedule.troubles)
      void truth.sleep(trouble.atMs).then(() => {
        this.#strike(trouble);
      });
    const endMs = troublesEndAtMs + this.#referee.takeoverBoundMs + 1_000;
    await truth.advance(endMs, () => {
      this.#referee.look();
    });
    this.#referee.end();
  }

  story(): Story {
    return {
      violations: this.#referee.violations,
      counts: this.#counts,
      timeline: this.#timeline,
    };
  }

  /** Undefined stands for somebody who is no candidate. */
  endpointFor(life: Life | undefined, place: Place): Endpoint {
    const server = this.#servers[place];
    return {
      place,
      read: () => server.current,
      write: (record, basis) => server.write(life, record, basis),
      past: (back) => server.past(back),
      watch: (watcher) => server.watch(watcher),
    };
  }

  #serve(place: Place): Server<Life | undefined> {
    return new Server<Life | undefined>({
      now: () => this.truth.now(),
      nextVersion: () => (this.#version += 1),
      isAnnotated: this.schedule.isAnnotated,
      onWrite: (life, change) => {
        const { version, record } = change.after!;
        const done = record.holder === '' ? 'has released' : 'has written';
        if (this.#isVerbose) this.tell(life?.name ?? '-', `${done} ${place} ${version}`);
        if (life) this.#writtenBy(life, place, change);
        else this.#requested(place, change);
      },
    });
  }

  #writtenBy(life: Life, place: Place, change: Change): void {
    if (this.schedule.forced) this.#records[place].push({ life, version: change.after! });
    this.#referee.written(life, place, change);
  }

  #requested(place: Place, { before, after }: Change): void {
    this.count('requested');
    this.#referee.requested(after!.record);
    this.#referee.edited({ kind: 'request', place, source: before!, before: before!, after });
  }

  started(life: Life, work: Work, token: string): void {
    this.count('started');
    this.#referee.started(life, work, token);
  }

  asked(life: Life): void {
    this.#referee.asked(life);
  }

  /** A key in one of two objects would be a chapter of its own. */
  get isOnce(): boolean {
    return this.schedule.isOnce && this.schedule.migration === 'none';
  }

  /** What stands in any object by now. */
  isDone(key: string): boolean {
    return Object.values(this.#servers).some(({ current }) => isDone(current?.record ?? {}, key));
  }

  usurped(life: Life): void {
    const versions = life.places.map((place) => this.#servers[place].current);
    this.#referee.usurped(life, versions);
  }

  /** With an answer or without. */
  releaseEnded(life: Life): void {
    this.#referee.releaseEnded(life);
  }

  heard(name: string, event: RunEvent): void {
    const what = event.kind === 'lost' ? event.loss.kind : event.kind;
    this.count(event.kind === 'release' ? event.outcome.kind : what);
    if (this.#isVerbose) this.tell(name, JSON.stringify(event));
    if (this.#referee.isCalm && ['expired', 'usurped', 'renewal-failing'].includes(what))
      this.violated(`${name}: ${what} without any fault`);
  }

  violated(what: string): void {
    this.#referee.violated(what);
  }

  tell(who: string, what: string): void {
    if (!this.#isVerbose) return;
    const atMs = (this.truth.now() - this.#startMs).toFixed(1).padStart(9);
    this.#timeline.push(`${atMs}  ${who.padEnd(6)} ${what}`);
  }

  /** One candidate: process after process. */
  async #populate(plan: CandidatePlan, place: number): Promise<void> {
    const { truth, schedule } = this;
    const { drift, offsetMs } = plan;
    const machine = new Machine(truth, { rate: 1 + drift / 1_000, offsetMs });
    const podName = `pod-${String(place)}`;
    const newPod = () => this.pods.create(podName, plan.kubelet);
    const candidate: Candidate = { plan, machine, pod: newPod(), life: undefined };
    this.#candidates[place] = candidate;
    await truth.sleep(plan.startsAtMs);
    let commandsBefore = 0;
    for (let count = 1; ; count += 1) {
      await machine.awake();
      const name = `${String.fromCharCode(97 + place)}${String(count)}`;
      const life = new Life({
        world: this,
        name,
        identity: schedule.sharedIdentity ? 'web' : name,
        plan,
        machine,
        pod: candidate.pod,
        dice: diceOf(schedule.noise, place, count),
        commandsBefore,
      });
      candidate.life = life;
      this.tell(name, 'is executed');
      life.live().catch((thrown: unknown) => {
        this.violated(
          `${name} fell: ${thrown instanceof Error ? (thrown.stack ?? '') : String(thrown)}`,
        );
      });
      await life.gone;
      candidate.life = undefined;
      void this.#end(life, candidate.pod);
      commandsBefore += life.commands;
      if (this.isOnce && this.isHealed && this.isDone(onceKey)) return;
      // When everything heals, everybody is back.
      await truth.sleep(Math.max(1, Math.min(plan.restartsAfterMs, this.healsAtMs - truth.now())));
      // A container that hangs on is not started again: its Pod is given up.
      if (plan.kubelet.moves || !life.isOver) candidate.pod = newPod();
      else candidate.pod.restarted();
    }
  }

  /** The kernel ends what is left in the container. Only then is it over, and the kubelet sees that. */
  async #end(life: Life, pod: Pod): Promise<void> {
    while (life.work?.isAlive) await this.truth.sleep(5);
    life.isOver = true;
    this.tell(life.name, 'is over');
    pod.ended(life.instance);
  }

  #strike(trouble: Trouble): void {
    this.count(trouble.kind);
    this.tell('-', JSON.stringify(trouble));
    if (trouble.kind === 'step-down') {
      void this.#operator.stepDown(trouble.atMs);
      return;
    }
    if (!('who' in trouble)) {
      this.#edit(trouble);
      return;
    }
    const candidate = this.#candidates[trouble.who % this.#candidates.length];
    const life = candidate?.life;
    if (!candidate || !life) return;
    if (trouble.kind === 'sent') void life.send(trouble.signal);
    else this.#afflict(candidate, life, trouble);
  }

  #afflict(
    { machine, pod }: Candidate,
    life: Life,
    { kind, forMs }: Extract<Trouble, { forMs: number }>,
  ): void {
    const untilMs = Math.min(this.truth.now() + forMs, this.healsAtMs);
    const lastsMs = untilMs - this.truth.now();
    switch (kind) {
      case 'cut':
      case 'deaf':
      case 'slow':
        life.wire.disturb(kind, untilMs);
        break;
      case 'frozen':
        life.clock.freeze(lastsMs);
        break;
      case 'asleep':
        machine.sleepFor(lastsMs);
        break;
      case 'wall':
        machine.stepWall((forMs - 7_000) * 1_000);
        break;
      case 'killed':
        life.kill();
        if (life.work) {
          void life.work.orphan();
          void this.#referee.orphaned(life, life.work, machine);
        }
        break;
      case 'crashed':
        life.kill();
        life.work?.vanish();
        break;
      case 'pod-deleted':
        pod.delete();
        break;
      case 'pod-failed':
        pod.fail();
        break;
      default:
        kind satisfies never;
    }
  }

  /** What people and other programs do to the object. */
  #edit({ kind, atMs }: Extract<Trouble, { kind: ForeignHand }>): void {
    const isSecond = this.schedule.migration !== 'none' && atMs % 2 === 1;
    const place = isSecond ? 'second' : 'first';
    const server = this.#servers[place];
    const before = server.current;
    if (!before) return;
    const { record } = before;
    const records = this.#records[place];
    const old = records[Math.floor(records.length / 2)];
    // Its author, were it alive, would take it for its own and hand it back: a forged release.
    if (kind === 'replayed' && !(old?.life.hasEnded && old.version.record.holder)) return;
    const source = kind === 'replayed' && old ? old.version : before;
    if (kind === 'deleted') server.edit(undefined);
    else if (kind === 'cleared') server.edit({ ...record, holder: '' });
    else if (kind === 'wiped') server.edit({ ...record, holder: '', leaseDurationMs: undefined });
    else if (kind === 'shortened') server.edit({ ...record, leaseDurationMs: 1_000 });
    else if (kind === 'renamed') server.edit({ ...record, holder: 'somebody' });
    else if (kind === 'request' || kind === 'stale request') server.edit(requested(record, kind));
    else server.edit(source.record);
    if (kind === 'request') this.#referee.requested(record);
    this.#referee.edited({ kind, place, source, before, after: server.current });
  }

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }
}

function requested(record: LeaderRecord, kind: 'request' | 'stale request'): LeaderRecord {
  const { holder, acquireTimeUs = 0 } = record;
  return {
    ...record,
    stepDown: { holder, acquireTimeUs: acquireTimeUs - (kind === 'request' ? 0 : 1) },
  };
}

/** For each request a source of chance of its own, so that one request more does not change the others. */
function diceOf(...seeds: readonly number[]): () => () => number {
  const base = seeds.reduce((hash, seed) => Math.imul(hash ^ seed, 0x9e3779b1) ^ (hash >>> 15), 1);
  let request = 0;
  return () => seededRandom(Math.imul(base ^ (request += 1), 0x85ebca6b));
}
