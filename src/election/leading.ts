/**
 * The loop that keeps a term: it carries out what the leader decides (`leader.ts`), and tells what changes.
 *
 *     ──▶ leading ── the trust ran out · another holder · the object is unusable ──▶ lost
 *             │                                                                        │
 *             └── release() ──▶ over ◀────────────────────────────── release() ────────┘
 *                    ▲ asked to step down: the work is told to end, nothing else changes
 *
 * Only `release()` ends the renewing: a command that is being stopped still needs the lock (R9).
 */
import type { Loss, ReleaseOutcome } from './events.ts';
import { AskedToStepDown, LeadershipLost, TermReleased, undisturbed } from './events.ts';
import {
  after,
  afterRelease,
  isOngoing,
  isTrusted,
  lossAtMs,
  newLeader,
  nextStep,
  type Leader,
  type News,
  type Now,
} from './leader.ts';
import { asFault, type Sighting, type Versioned } from './lock.ts';
import type { Memory } from './memory.ts';
import { leaderNews, renewalNews } from './news.ts';
import type { ElectorOptions } from './options.ts';
import { release } from './release.ts';
import type { ReleaseWith, Term, TermChange } from './term.ts';
import type { Sight } from './verdict.ts';
import { fencingTokenOf } from './version.ts';
import type { LockWatch } from './watch.ts';
import type { Writer, Written } from './writer.ts';

const longestReleaseMs = 5_000;

/** What a term is made of. */
export interface TermOptions extends Required<Omit<ElectorOptions, 'lock' | 'identity'>> {
  readonly writer: Writer;
  readonly watch: LockWatch;
  /** Learns of everything that is not our own writing: the next campaign keeps what it promises. */
  readonly memory: Memory;
  /** Asks the work to end, and nothing else: it does not end the term. */
  readonly shutdown: AbortSignal;
  /** The write that won the term. */
  readonly won: Written;
}

/** The term that an election was won for. */
export class ElectedTerm implements Term {
  readonly fencingToken: string;
  readonly transitions: number;
  readonly lost: AbortSignal;
  readonly signal: AbortSignal;
  readonly stepDown: AbortSignal;

  readonly #options: TermOptions;
  readonly #lost = new AbortController();
  readonly #work = new AbortController();
  readonly #asked = new AbortController();
  /** Aborts when the term is lost or released. */
  readonly #ended = new AbortController();
  readonly #listeners = new Set<(change: TermChange) => void>();
  #leader: Leader;
  #nap = new AbortController();
  #released: Promise<ReleaseOutcome> | undefined;

  constructor(options: TermOptions) {
    const { won, timing, watch, shutdown } = options;
    this.#options = options;
    this.#leader = newLeader(won, timing, this.#now());
    this.fencingToken = fencingTokenOf(won.current.version);
    this.transitions = won.current.record.transitions;
    this.lost = this.#lost.signal;
    this.signal = this.#work.signal;
    this.stepDown = this.#asked.signal;
    shutdown.addEventListener('abort', this.#onShutdown);
    // A listener that was told of the election may have asked for a shutdown at once.
    if (shutdown.aborted) this.#onShutdown();
    watch.listen(() => {
      this.#nap.abort();
    });
    void this.#lead();
  }

  get loss(): Loss | undefined {
    return this.#leader.loss;
  }

  isTrusted(): boolean {
    return isTrusted(this.#leader, this.#nowMs());
  }

  remainingMs(): number {
    return this.#leader.trust.killAtMs - this.#nowMs();
  }

  deadline(): number {
    return this.#options.clock.now() + this.remainingMs();
  }

  subscribe(listener: (change: TermChange) => void): () => void {
    this.#listeners.add(listener);
    if (this.isOngoing() && this.#leader.doubt) listener('suspended');
    return () => this.#listeners.delete(listener);
  }

  isOngoing(): boolean {
    return isOngoing(this.#leader);
  }

  release(how: ReleaseWith = {}): Promise<ReleaseOutcome> {
    return (this.#released ??= this.#release(how));
  }

  async [Symbol.asyncDispose]() {
    await this.release();
  }

  /** Takes what the watch has shown, does what is due, and sleeps until something happens. */
  async #lead(): Promise<void> {
    const { watch, clock } = this.#options;
    for (;;) {
      for (const sighting of watch.take()) this.#see(sighting);
      // One moment for all of a step, or the trust could run out between its decision and its beginning.
      const now = this.#now();
      this.#hear({ kind: 'time' }, now);
      const step = nextStep(this.#leader, now);
      switch (step.kind) {
        case 'write':
          this.#hear({ kind: 'writing' }, now);
          void this.#write();
          break;
        case 'read':
          this.#hear({ kind: 'reading' }, now);
          void this.#read();
          break;
        case 'open-watch':
          this.#hear({ kind: 'watching' }, now);
          watch.start();
          break;
        case 'sleep':
          this.#nap = new AbortController();
          await clock.sleep(step.ms, this.#nap.signal);
          break;
        case 'end':
          return;
      }
    }
  }

  async #write(): Promise<void> {
    const { writer, clock, emit } = this.#options;
    const { facts, basis } = this.#leader;
    const beganAtMs = clock.now();
    const isWanted = () => this.isOngoing() && this.#nowMs() < lossAtMs(this.#leader);
    const outcome = await writer.renew(facts, basis, isWanted);
    if (!this.isOngoing()) return;
    emit(renewalNews(outcome, clock.now() - beganAtMs));
    this.#hear(outcome);
  }

  async #read(): Promise<void> {
    const { writer, memory } = this.#options;
    try {
      const seen = await writer.read(this.#ended.signal);
      this.#hear({ kind: 'answered', ...this.#sight(seen) });
      if (this.loss?.kind === 'usurped') memory.remember(seen);
    } catch (thrown) {
      this.#hear({ kind: 'fault', fault: asFault(thrown) });
    }
  }

  #see(sighting: Sighting): void {
    const { alarm } = this.#leader;
    this.#hear({ kind: 'shown', ...sighting, ...this.#sight(sighting.seen) });
    if (this.#leader.alarm !== alarm) this.#options.memory.remember(sighting.seen);
  }

  #sight(seen: Versioned | undefined): Sight {
    return { seen, isOurs: this.#options.writer.isOurs(seen?.record) };
  }

  #hear(news: News, now = this.#now()): void {
    this.#become(after(this.#leader, news, now));
  }

  /** Tells what has changed, once for each change, and wakes the loop. */
  #become(leader: Leader): void {
    const before = this.#leader;
    if (leader === before) return;
    this.#leader = leader;
    const { loss, isAskedToStepDown } = leader;
    if (!isOngoing(leader)) {
      this.#ended.abort();
      this.#options.watch.stop();
    }
    for (const event of leaderNews(before, leader, this.#nowMs())) this.#options.emit(event);
    if (leader.trust !== before.trust) this.#notify('extended');
    if (leader.doubt && !before.doubt) this.#notify('suspended');
    if (before.doubt && !leader.doubt) this.#notify('resumed');
    if (isAskedToStepDown && !before.isAskedToStepDown) {
      this.#asked.abort();
      this.#endWork(new AskedToStepDown());
    }
    if (loss) {
      this.#lost.abort(loss);
      this.#endWork(new LeadershipLost(loss));
    }
    this.#nap.abort();
  }

  #notify(change: TermChange): void {
    for (const listener of this.#listeners) undisturbed(listener)(change);
  }

  readonly #onShutdown = (): void => {
    this.#endWork(this.#options.shutdown.reason);
  };

  #endWork(reason: unknown): void {
    this.#options.shutdown.removeEventListener('abort', this.#onShutdown);
    this.#work.abort(reason);
  }

  async #release(options: ReleaseWith): Promise<ReleaseOutcome> {
    const { writer, clock, requestTimeoutMs, memory, emit } = this.#options;
    const { basis, facts } = this.#leader;
    const { acquireTimeUs } = facts;
    const boundMs = Math.min(2 * requestTimeoutMs, longestReleaseMs);
    this.#become(afterRelease(this.#leader));
    this.#endWork(new TermReleased());
    const how = { ...options, clock, memory, boundMs, term: this, latest: basis, acquireTimeUs };
    const outcome = await release(writer, how);
    if (this.stepDown.aborted) memory.standAside(facts.transitions);
    emit({ kind: 'release', outcome });
    return outcome;
  }

  #nowMs(): number {
    return this.#options.writer.trustTime.now();
  }

  #now(): Now {
    const { writer, random } = this.#options;
    const nowMs = this.#nowMs();
    return { nowMs, suspendedMs: writer.trustTime.suspendedMs(), spread: random() };
  }
}
