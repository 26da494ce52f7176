/**
 * A world of a few candidates in which everything that may happen next is a move, and chance takes one after the other:
 * looks, claims, renewals, requests that are late, doubled or never answered, releases, hands on the record. Time goes in
 * ticks, a lease is three of them. Small enough that every order of a dozen moves comes up. What a candidate remembers and
 * when it may claim is the real `observe` and `claimableAtMs`.
 */
import type { LeaderRecord, Versioned } from '../../src/election/lock.ts';
import { claimableAtMs, observe, type Observation } from '../../src/election/observation.ts';

export type Hand = 'deletes' | 'clears' | 'shortens';

export interface Walk {
  readonly random: () => number;
  readonly leaseMs: number;
  readonly processes: number;
  readonly hands: readonly Hand[];
}

interface Request {
  readonly from: Process;
  readonly record: LeaderRecord;
  readonly basis: string | undefined;
  readonly sentAt: number;
  /** Its sender waits for the answer no more. */
  isAbandoned: boolean;
}

interface Process {
  readonly name: string;
  observation: Observation | undefined;
  leadsUntil: number;
  termUs: number;
  /** Of the lock, as it knows it while it leads. */
  basis: string | undefined;
  isWaiting: boolean;
  readonly signed: Set<number>;
  readonly doubtful: Set<number>;
  readonly seenTerms: Set<number>;
  readonly seenVersions: Set<string>;
}

interface Move {
  readonly name: string;
  readonly go: () => void;
}

const ticksOfALease = 3;
const ticksOfTrust = 2;
const ticks = 9;
const mostMoves = 45;
const mostAbandoned = 1;
const mostHands = 2;

/** The story up to the moment in which two led that must not; undefined when that did not happen. */
export function walk(options: Walk): string[] | undefined {
  const world = new World(options);
  const story: string[] = [];
  for (let count = 0; count < mostMoves; count += 1) {
    const moves = world.moves();
    const move = moves[Math.floor(options.random() * moves.length)];
    if (!move) return undefined;
    move.go();
    story.push(`${String(world.now)}  ${move.name}`);
    const rivals = world.rivals();
    if (rivals) return [...story, rivals];
  }
  return undefined;
}

class World {
  now = 0;
  readonly #walk: Walk;
  readonly #processes: Process[];
  readonly #requests: Request[] = [];
  /** Of hands that a newcomer cannot tell from the lock being free, and leave it in this version: whose record it was. */
  readonly #covert = new Map<string, number>();
  #current: Versioned | undefined;
  #version = 1;
  #uid = 0;
  #stamp = 0;
  #hands = 0;
  /** Terms whose record has been deleted: nobody can tell one absence from the next. */
  readonly #deleted = new Set<number>();

  constructor(walk: Walk) {
    this.#walk = walk;
    this.#processes = Array.from({ length: walk.processes }, (_, index) => ({
      name: String.fromCharCode(97 + index),
      observation: undefined,
      leadsUntil: -1,
      termUs: 0,
      basis: undefined,
      isWaiting: false,
      signed: new Set<number>(),
      doubtful: new Set<number>(),
      seenTerms: new Set<number>(),
      seenVersions: new Set<string>(),
    }));
  }

  moves(): Move[] {
    const tick = { name: 'time passes', go: () => (this.now += 1) };
    return [
      ...(this.now < ticks ? [tick] : []),
      ...this.#processes.flatMap((process) => this.#movesOf(process)),
      ...this.#requests.flatMap((request) => this.#fatesOf(request)),
      ...this.#movesOfHands(),
    ];
  }

  /** Two that lead at once, though the later one had seen the other, and what became of its record. */
  rivals(): string | undefined {
    const leaders = this.#processes.filter((process) => this.#leads(process));
    for (const later of leaders)
      for (const first of leaders) {
        if (first.termUs >= later.termUs || !later.seenTerms.has(first.termUs)) continue;
        const hands = [...this.#covert].filter(([, termUs]) => termUs === first.termUs);
        if (hands.some(([version]) => !later.seenVersions.has(version))) continue;
        return `${later.name} leads beside ${first.name}, whose record it had seen`;
      }
    return undefined;
  }

  #leads({ leadsUntil }: Process): boolean {
    return leadsUntil >= this.now;
  }

  #movesOf(process: Process): Move[] {
    const { name, observation, isWaiting } = process;
    const nowMs = this.#nowMs();
    const moves: Move[] = [];
    const may = (what: string, go: () => void) => moves.push({ name: `${name} ${what}`, go });
    if (isWaiting)
      may('gives up waiting', () => {
        this.#abandon(process);
      });
    else if (this.#leads(process)) {
      may('renews', () => {
        const { termUs, basis } = process;
        this.#send(process, { termUs, basis });
      });
      may('releases', () => {
        this.#release(process);
      });
    } else {
      may('looks', () => {
        this.#look(process);
      });
      if (observation && nowMs >= claimableAtMs(observation))
        may(`claims on ${observation.seen?.version ?? 'nothing'}`, () => {
          this.#send(process, { termUs: undefined, basis: observation.seen?.version });
        });
    }
    const abandoned = this.#requests.filter(({ isAbandoned }) => isAbandoned);
    return isWaiting && abandoned.length >= mostAbandoned ? [] : moves;
  }

  #fatesOf(request: Request): Move[] {
    const whose = `the request of ${request.from.name}`;
    const fates = [{ name: `${whose} arrives`, go: this.#arrive.bind(this, request, false) }];
    if (!request.isAbandoned)
      fates.push({ name: `${whose} arrives twice`, go: this.#arrive.bind(this, request, true) });
    return fates;
  }

  #movesOfHands(): Move[] {
    const current = this.#current;
    if (this.#hands >= mostHands || !current?.record.holder) return [];
    const { record } = current;
    const { acquireTimeUs = 0 } = record;
    const change = (changed: LeaderRecord | undefined) => {
      this.#hands += 1;
      this.#write(changed);
      if (changed) this.#covert.set(String(this.#version), acquireTimeUs);
      else this.#deleted.add(acquireTimeUs);
    };
    const hands = this.#walk.hands.filter(
      (hand) => hand !== 'deletes' || !this.#deleted.has(acquireTimeUs),
    );
    return hands.map((hand) => ({
      name: `a hand ${hand}`,
      go: () => {
        if (hand === 'deletes') change(undefined);
        else if (hand === 'clears') change({ ...record, holder: '' });
        else change({ ...record, leaseDurationMs: this.#walk.leaseMs / ticksOfALease });
      },
    }));
  }

  #send(
    from: Process,
    { termUs, basis }: { termUs: number | undefined; basis: string | undefined },
  ): void {
    const seen = from.observation?.seen?.record;
    const acquireTimeUs = termUs ?? (this.#stamp += 1);
    const renewTimeUs = (this.#stamp += 1);
    const isChange = termUs === undefined && seen !== undefined;
    const record: LeaderRecord = {
      holder: from.name,
      leaseDurationMs: this.#walk.leaseMs,
      acquireTimeUs,
      renewTimeUs,
      transitions: (seen?.transitions ?? 0) + (isChange ? 1 : 0),
    };
    from.isWaiting = true;
    from.signed.add(renewTimeUs);
    this.#requests.push({ from, record, basis, sentAt: this.now, isAbandoned: false });
  }

  #abandon(process: Process): void {
    process.isWaiting = false;
    const request = this.#requests.find(
      ({ from, isAbandoned }) => from === process && !isAbandoned,
    );
    if (request) request.isAbandoned = true;
  }

  /** Doubled, its sender is told of the second. */
  #arrive(request: Request, isDoubled: boolean): void {
    const { from, record, basis } = request;
    this.#requests.splice(this.#requests.indexOf(request), 1);
    const isApplied = this.#current?.version === basis;
    if (isApplied) this.#write(record);
    if (request.isAbandoned) return;
    from.isWaiting = false;
    if (isApplied && !isDoubled) this.#acknowledge(request);
    else this.#refuse(request);
  }

  #acknowledge({ from, record, sentAt }: Request): void {
    this.#look(from);
    if (this.now > sentAt + ticksOfTrust) return;
    from.leadsUntil = sentAt + ticksOfTrust;
    from.termUs = record.acquireTimeUs ?? 0;
    from.basis = this.#current?.version;
  }

  #refuse({ from, record }: Request): void {
    if (!this.#leads(from)) {
      from.signed.delete(record.renewTimeUs ?? 0);
      from.doubtful.add(record.renewTimeUs ?? 0);
      this.#look(from);
      return;
    }
    const isFree = !this.#current?.record.holder;
    if (isFree || this.#isIn(from.signed)) from.basis = this.#current?.version;
    else {
      from.leadsUntil = -1;
      this.#look(from);
    }
  }

  #release(process: Process): void {
    process.leadsUntil = -1;
    if (this.#current?.version !== process.basis || !this.#current) return;
    const nowUs = (this.#stamp += 1);
    const { transitions } = this.#current.record;
    const times = { acquireTimeUs: nowUs, renewTimeUs: nowUs };
    this.#write({ holder: '', leaseDurationMs: 1_000, transitions, ...times });
    this.#look(process);
  }

  #look(process: Process): void {
    const seen = this.#current;
    process.observation = observe(process.observation, {
      seen,
      nowMs: this.#nowMs(),
      isOurs: this.#isIn(process.signed),
      isDoubtful: this.#isIn(process.doubtful),
      renewedWithinMs: this.#walk.leaseMs / ticksOfALease,
      assumedDurationMs: this.#walk.leaseMs,
    });
    if (!seen) return;
    process.seenVersions.add(seen.version);
    const isWhole = seen.record.holder !== '' && seen.record.leaseDurationMs === this.#walk.leaseMs;
    if (isWhole) process.seenTerms.add(seen.record.acquireTimeUs ?? 0);
  }

  #isIn(signed: ReadonlySet<number>): boolean {
    const record = this.#current?.record;
    return record !== undefined && record.holder !== '' && signed.has(record.renewTimeUs ?? 0);
  }

  #write(record: LeaderRecord | undefined): void {
    this.#version += 1;
    if (!this.#current) this.#uid += 1;
    const version = String(this.#version);
    this.#current = record && { record, version, origin: undefined, uid: String(this.#uid) };
  }

  #nowMs(): number {
    return (this.now * this.#walk.leaseMs) / ticksOfALease;
  }
}
