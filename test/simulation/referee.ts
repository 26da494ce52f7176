/**
 * What must hold in every simulated world, looked at after every step.
 *
 * - safety: never two commands, or anything that they started, running at one true time
 * - nobody writes over a record whose holder may still lead, unless nothing of its container is left, and the lock is released only after the command
 * - at once: where nothing goes wrong, who watches claims a released lock within milliseconds
 * - liveness: once nothing goes wrong any more, somebody leads within a lease and a retry
 * - only the leader of the very term steps down when somebody asks it to, and then lets others go first
 * - no process ends, or is killed, and leaves something running (`life.ts` adds signals and exit codes)
 * - tokens grow with every command that is started, whatever hands do
 * - who says that another holds the lock is right
 * - what is to be done once is not claimed any more when it is stored, and the lock is kept as long as it is to be
 *
 * Where people take records away by force, two at a time are excused only where the later one could not know (`hands.ts`).
 */
import type { LeaderRecord, Versioned } from '../../src/election/lock.ts';
import { isDone } from '../../src/election/record.ts';
import { Hands, whoever, type Blow, type Knowledge } from './hands.ts';
import { fastest, onceKey, termOf, waitMs, type Life } from './life.ts';
import type { Machine } from './machine.ts';
import type { Place } from './schedule.ts';
import type { Change } from './server.ts';
import type { Work } from './work.ts';
import type { World } from './world.ts';

/** A round trip, a pause after a conflict, the start of a command, the end of a backoff. */
const slackMs = 1_500;
/** A standby that watches has opened its watch by then. */
const watchBoundMs = 1_000;
/** From a release to the claim of one that watches: the news, a hesitation, the claim. */
const handOverBoundMs = 80;
/** From the death of a wrapper to that of its command. */
const orphanBoundMs = 100;

interface Writing {
  readonly author: Life | undefined;
  readonly atMs: number;
}

export class Referee {
  readonly violations: string[] = [];
  /** Nothing happens that could cost anybody the leadership. */
  readonly isCalm: boolean;
  /** From the end of all faults to a leader. */
  readonly takeoverBoundMs: number;
  readonly #world: World;
  readonly #writings = new WeakMap<Versioned, Writing>();
  readonly #running = new Map<Work, Life>();
  readonly #termOf = new Map<Life, string>();
  readonly #beganAtMs = new Map<Life, number>();
  readonly #knewThen = new Map<Life, Knowledge>();
  readonly #hands = new Hands();
  #tokens: { readonly highest: bigint; readonly latest: Life | undefined } = {
    highest: 0n,
    latest: undefined,
  };
  /** Not before everything has healed. */
  #latestRunMs: number;
  #longestGapMs = 0;
  #hasOverlap = false;
  /** Terms that were asked to end. */
  readonly #requested = new Set<string>();
  /** Who was asked to step down, and since when it stands aside. */
  readonly #asked = new Map<Life, number>();
  /** Since when who has stepped down stands aside, and after which term, as long as nobody else has written. */
  readonly #aside = new Map<Life, { readonly sinceMs: number; readonly term: string }>();
  /** Since when nobody holds it; Infinity when somebody does. */
  readonly #freeSinceMs = { first: -Infinity, second: -Infinity };

  constructor(world: World) {
    this.#world = world;
    this.#latestRunMs = world.healsAtMs;
    const { troubles, noisiness, candidates, timings, forced } = world.schedule;
    this.isCalm =
      !forced &&
      noisiness === 0 &&
      troubles.every(({ kind }) => kind === 'sent' || kind === 'label' || kind === 'wall') &&
      candidates.every(({ commands }) => commands.every(({ startsInMs }) => startsInMs < 500));
    const leaseMs = Math.max(...timings.map(({ leaseDurationMs }) => leaseDurationMs));
    const retryMs = Math.max(...timings.map(({ retryPeriodMs }) => retryPeriodMs));
    // Who has begun a bounded wait under the faults ends it first.
    const waitsMs = candidates.some(({ patience }) => patience !== 'forever') ? waitMs : 0;
    const startsMs = Math.max(
      ...candidates.flatMap(({ commands }) => commands.map(({ startsInMs }) => startsInMs)),
    );
    const holdsMs = Math.max(...candidates.map(({ minHoldMs }) => minHoldMs));
    this.takeoverBoundMs =
      (leaseMs + 1.2 * retryMs + waitsMs + startsMs + holdsMs) * fastest + slackMs;
  }

  violated(what: string): void {
    const line = `at ${this.#world.truth.now().toFixed(1)}: ${what}`;
    this.#world.tell('!', what);
    this.violations.push(line);
  }

  started(life: Life, work: Work, token: string): void {
    const { latest } = this.#tokens;
    const isExcused = latest !== undefined && this.#isExcused(life, latest);
    if (BigInt(token) <= this.#tokens.highest && !isExcused)
      this.violated(`the token of ${life.name} is ${token}, after ${String(this.#tokens.highest)}`);
    if (BigInt(token) > this.#tokens.highest)
      this.#tokens = { highest: BigInt(token), latest: life };
    for (const [other, owner] of this.#running) {
      if (!other.isRunning || (owner !== life && this.#isExcused(life, owner))) continue;
      this.violated(`${life.name} starts a command while ${owner.name}'s is running`);
      this.#hasOverlap = true;
    }
    this.#running.set(work, life);
  }

  /** After every step. */
  look(): void {
    const nowMs = this.#world.truth.now();
    let runner: Life | undefined;
    for (const [work, life] of this.#running) {
      if (!work.isAlive) {
        this.#running.delete(work);
        continue;
      }
      if (!work.isRunning) continue;
      if (runner && !this.#hasOverlap && !this.#isExcused(life, runner)) {
        this.#hasOverlap = true;
        this.violated(`the commands of ${runner.name} and ${life.name} run at one time`);
      }
      runner = life;
    }
    if (!runner) return;
    this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#latestRunMs);
    this.#latestRunMs = Math.max(nowMs, this.#world.healsAtMs);
  }

  written(life: Life, place: Place, { atMs, before, after }: Change): void {
    const { record } = after!;
    const previous = before && this.#writings.get(before);
    const isOver = previous?.author?.isOver === true && life.certifies;
    if (previous && before.record.holder !== '' && previous.author !== life) {
      const freeAtMs = previous.atMs + (before.record.leaseDurationMs ?? 0) / fastest;
      const isEarly = atMs < freeAtMs - 1;
      if (isEarly && isOver) this.#world.count('taken-over-early');
      if (isEarly && !isOver)
        this.violated(
          `${life.name} writes over the record of ${previous.author?.name ?? 'a stranger'}, which is good until ${freeAtMs.toFixed(1)}`,
        );
    }
    this.#hands.written(place, record);
    this.#lookAside(life, atMs, record);
    const isFree = before?.record.holder === '';
    this.#freeSinceMs[place] = record.holder === '' ? atMs : Infinity;
    // Of several objects the first is claimed first, when all are free.
    const others = life.places.slice(1).map((other) => this.#freeSinceMs[other]);
    const freeForMs = isFree && previous ? atMs - Math.max(previous.atMs, ...others) : 0;
    const watchedMs = atMs - freeForMs - life.watchesSinceMs;
    const isClaim = this.isCalm && place === life.places[0];
    if (isClaim && watchedMs > watchBoundMs && freeForMs > handOverBoundMs)
      this.violated(`${life.name} watched, and took ${freeForMs.toFixed(0)} ms to claim`);
    if (record.holder === '' && life.work?.isAlive)
      this.violated(`${life.name} releases while its command is alive`);
    if (record.holder === '' && atMs < life.keepsUntilMs - 1)
      this.violated(`${life.name} is to keep the lock until ${life.keepsUntilMs.toFixed(1)}`);
    this.#writings.set(after!, { author: life, atMs });
    if (record.holder === '') return;
    if (this.#termOf.get(life) !== termOf(record)) {
      this.#asked.delete(life);
      this.#beganAtMs.set(life, atMs);
      const { hasSeen, hasSeenVersions } = life;
      this.#knewThen.set(life, { terms: new Set(hasSeen), versions: new Set(hasSeenVersions) });
      if (this.#world.isOnce && isDone(before?.record ?? {}, onceKey))
        this.violated(`${life.name} claims what is done`);
    }
    this.#termOf.set(life, termOf(record));
  }

  /** A leader says that another holds the lock. These are the objects of its lock. */
  usurped(life: Life, versions: readonly (Versioned | undefined)[]): void {
    if (this.#world.schedule.forced) return;
    const authors = versions.map((version) => version && this.#writings.get(version)?.author);
    if (authors.every((author) => author === life))
      this.violated(`${life.name} takes its own record for somebody else's`);
  }

  /** Somebody asks that this record's term ends. */
  requested(record: LeaderRecord): void {
    this.#requested.add(whoever(termOf(record)));
  }

  /** A leader follows a request. */
  asked(life: Life): void {
    this.#asked.set(life, Infinity);
    if (!this.#requested.has(whoever(this.#termOf.get(life) ?? '')))
      this.violated(`${life.name} steps down although nobody has asked it`);
  }

  /** Without an answer the lease duration counts from now on: the release may come to the server later, or never. */
  releaseEnded(life: Life): void {
    if (this.#asked.has(life)) this.#asked.set(life, this.#world.truth.now());
  }

  /**
   * The second of two objects is released first. Until the other one is as well, a renewal of it may arrive that was
   * on its way all the time: that is the term which has ended, and nobody leads with one object.
   */
  #lookAside(life: Life, atMs: number, record: LeaderRecord): void {
    for (const other of this.#aside.keys()) if (other !== life) this.#aside.delete(other);
    const isRelease = record.holder === '';
    const askedMs = this.#asked.get(life);
    if (isRelease && askedMs !== undefined) {
      this.#asked.delete(life);
      const sinceMs = Math.min(askedMs, atMs);
      if (!this.#isSucceeded(life))
        this.#aside.set(life, { sinceMs, term: this.#termOf.get(life) ?? '' });
    }
    const aside = this.#aside.get(life);
    if (isRelease || !aside || termOf(record) === aside.term) return;
    this.#aside.delete(life);
    const { sinceMs } = aside;
    const { leaseDurationMs } = life.timing;
    if (atMs - sinceMs < leaseDurationMs / fastest - 1)
      this.violated(
        `${life.name} stepped down, and leads again ${String(atMs - sinceMs)} ms later`,
      );
  }

  /** Whether somebody has begun a term after its own: of two objects one may still be its to release. */
  #isSucceeded(life: Life): boolean {
    const beganAtMs = this.#beganAtMs.get(life) ?? Infinity;
    return [...this.#beganAtMs].some(([other, atMs]) => other !== life && atMs > beganAtMs);
  }

  /** By a foreign hand, from what `source` was. A changed label makes nobody's record younger. */
  edited({ kind, place, source, before, after }: Blow): void {
    this.#aside.clear();
    this.#hands.strike({ kind, place, source, before, after });
    const writing = this.#writings.get(source);
    const atMs = kind === 'replayed' ? this.#world.truth.now() : (writing?.atMs ?? 0);
    if (after) this.#writings.set(after, { author: writing?.author, atMs });
  }

  /** A machine that sleeps takes longer, and does nothing meanwhile. */
  async orphaned(life: Life, work: Work, machine: Machine): Promise<void> {
    await machine.alarm(orphanBoundMs);
    if (work.isRunning) this.violated(`an orphan of ${life.name} runs on`);
  }

  end(): void {
    if (this.#world.isOnce && this.#world.isDone(onceKey)) return;
    const nowMs = this.#world.truth.now();
    const gapMs = Math.max(this.#longestGapMs, nowMs - this.#latestRunMs);
    if (gapMs > this.takeoverBoundMs)
      this.violated(
        `nobody led for ${gapMs.toFixed(0)} ms without any fault (at most ${this.takeoverBoundMs.toFixed(0)})`,
      );
  }

  #isExcused(a: Life, b: Life): boolean {
    if (!this.#world.schedule.forced) return false;
    const began = (life: Life) => this.#beganAtMs.get(life) ?? -Infinity;
    const [older, newer] = began(a) < began(b) ? [a, b] : [b, a];
    const knowledge = this.#knewThen.get(newer);
    return knowledge ? this.#hands.excuse(knowledge, this.#termOf.get(older) ?? '') : false;
  }
}
