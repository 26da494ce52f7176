/**
 * A cluster in miniature, from one seed: processes whose clocks differ in offset and rate, on wires that delay,
 * lose and deliver late, that freeze, sleep, crash and come back. Each one runs a command while it leads, under a
 * guard that kills it when the time it was last told has run out by that machine's clock.
 *
 * Time is true time. What must stay empty is the list of `violations`: two commands at one time, or a term that
 * goes on after somebody else's has begun. A command whose machine slept through its deadline and which has not
 * been stopped yet is the documented exception, and not counted as running.
 */
import { LeaderElector } from '../../src/election/elector.ts';
import type { ElectionEvent } from '../../src/election/events.ts';
import type { Term } from '../../src/election/term.ts';
import type { Timing } from '../../src/election/timing.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryLockServer, type Network } from '../support/memory-lock.ts';
import { DriftingClock } from './drifting-clock.ts';
import { seededRandom } from './scene.ts';

export interface Story {
  /** "b started at 17,000 while a could run until 17,010" */
  readonly violations: readonly string[];
  /** How often each kind of thing happened: a simulation in which nothing happens proves nothing. */
  readonly counts: ReadonlyMap<string, number>;
}

const timings: readonly Timing[] = [
  { leaseDurationMs: 6_000, renewDeadlineMs: 4_000, retryPeriodMs: 1_000 },
  { leaseDurationMs: 6_000, renewDeadlineMs: 5_300, retryPeriodMs: 2_000 },
  { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
];
const durationMs = 90_000;

export function simulate(seed: number): Promise<Story> {
  return new Cluster(seed).run();
}

class Cluster {
  readonly random: () => number;
  readonly truth = new FakeClock();
  readonly server = new MemoryLockServer();
  readonly violations: string[] = [];
  readonly counts = new Map<string, number>();
  readonly processes: SimulatedProcess[] = [];
  readonly #shareIdentity: boolean;
  readonly #timing: Timing | undefined;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.#shareIdentity = this.chance(0.3);
    this.#timing = this.chance(0.6) ? this.pick(timings) : undefined;
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** Uniform, in milliseconds. */
  upTo(ms: number): number {
    return this.random() * ms;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)] as T;
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  async run(): Promise<Story> {
    const replicas = 2 + Math.floor(this.upTo(3));
    for (let i = 0; i < replicas; i += 1) this.launch();
    await this.truth.advance(durationMs);
    return { violations: this.violations, counts: this.counts };
  }

  launch(): void {
    const name = `p${String(this.processes.length)}`;
    const process = new SimulatedProcess(this, {
      name,
      identity: this.#shareIdentity ? 'web' : name,
      timing: this.#timing ?? this.pick(timings),
    });
    this.processes.push(process);
    void process.live();
  }

  /** A command starts: nobody else's may be running at this very moment. */
  started(by: SimulatedProcess): void {
    this.count('started');
    for (const other of this.processes)
      if (other !== by && other.isRunning)
        this.#violated(
          `${by.name} started while ${other.name} could run until ${other.commandDiesAtMs.toFixed(1)}`,
        );
  }

  elected(process: SimulatedProcess): void {
    this.#latest = process;
  }

  /** A term goes on: it must be the latest one. */
  wentOn(process: SimulatedProcess): void {
    this.count('went on');
    if (this.#latest !== process)
      this.#violated(
        `${process.name} went on after ${String(this.#latest?.name)} had been elected`,
      );
  }
  #latest: SimulatedProcess | undefined;

  #violated(what: string): void {
    this.violations.push(`at ${this.truth.now().toFixed(1)}: ${what}`);
  }
}

class SimulatedProcess implements Network {
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #clock: DriftingClock;
  readonly #elector: LeaderElector;
  readonly #isTroubled: boolean;
  readonly #leaseMs: number;
  commandDiesAtMs = -Infinity;
  #term: Term | undefined;
  #isCrashed = false;
  #cutUntilMs = -Infinity;

  constructor(
    cluster: Cluster,
    { name, identity, timing }: { name: string; identity: string; timing: Timing },
  ) {
    this.name = name;
    this.#cluster = cluster;
    this.#leaseMs = timing.leaseDurationMs;
    this.#isTroubled = cluster.chance(0.7);
    const rate = cluster.pick([0.99, 0.99, 1, 1.01, 1.01]);
    this.#clock = new DriftingClock(cluster.truth, { rate, offsetMs: cluster.upTo(1e9) });
    this.#elector = new LeaderElector({
      lock: cluster.server.handle(this),
      clock: this.#clock,
      timing,
      identity,
      requestTimeoutMs: cluster.pick([1_000, 3_000, 20_000]),
      random: seededRandom(Math.floor(cluster.upTo(2 ** 31))),
      emit: (event) => {
        this.#heard(event);
      },
    });
  }

  /** Campaigns, leads, loses or ends, releases, and again; crashes or is replaced now and then. */
  async live(): Promise<void> {
    const { truth } = this.#cluster;
    void this.#suffer();
    await truth.sleep(this.#cluster.upTo(this.#cluster.chance(0.5) ? 5 : 3_000));
    while (!this.#isCrashed) {
      const abort = new AbortController();
      if (this.#cluster.chance(0.2))
        void truth.sleep(this.#cluster.upTo(10_000)).then(() => {
          abort.abort();
        });
      const outcome = await this.#elector.campaign({ signal: abort.signal });
      await this.#clock.awake();
      if (outcome.kind === 'elected') await this.#lead(outcome.term);
      else await truth.sleep(this.#cluster.upTo(1_000));
      // Now and then nobody wants the lock for a while.
      if (this.#cluster.chance(0.3)) await truth.sleep(this.#cluster.upTo(20_000));
    }
  }

  /** Whether its command may be doing something right now. */
  get isRunning(): boolean {
    const isAlive = this.commandDiesAtMs > this.#cluster.truth.now();
    return isAlive && !this.#clock.isAsleep && (this.#term?.remainingMs() ?? 0) > 0;
  }

  async #lead(term: Term): Promise<void> {
    const { truth } = this.#cluster;
    if (!this.#isCrashed && term.isTrusted()) {
      this.#term = term;
      this.#lightTheFuse(term);
      this.#cluster.started(this);
      term.subscribe((change) => {
        if (this.#isCrashed || change === 'suspended') return;
        this.#cluster.wentOn(this);
        if (this.commandDiesAtMs > truth.now()) this.#lightTheFuse(term);
      });
      const lost = new AbortController();
      term.lost.addEventListener('abort', () => {
        this.#stop(term);
        lost.abort();
      });
      await truth.sleep(500 + this.#cluster.upTo(30_000), lost.signal);
      await this.#clock.awake();
      if (!term.lost.aborted) this.commandDiesAtMs = truth.now();
      while (this.commandDiesAtMs > truth.now())
        await truth.sleep(this.commandDiesAtMs - truth.now());
      await this.#clock.awake();
    }
    if (this.#isCrashed) return;
    this.#cluster.count((await term.release()).kind);
  }

  /** The guard kills when this has run out, whether or not the process can run. */
  #lightTheFuse(term: Term): void {
    this.commandDiesAtMs =
      this.#cluster.truth.now() + Math.max(0, this.#clock.trueMs(term.remainingMs()));
  }

  /** On a loss the command takes all the time there is, more often than not. */
  #stop(term: Term): void {
    const now = this.#cluster.truth.now();
    const leftMs = Math.max(0, this.#clock.trueMs(term.remainingMs()));
    const takesMs = this.#cluster.chance(0.7) ? leftMs : this.#cluster.upTo(leftMs);
    const isUrgent = term.loss?.kind === 'usurped';
    this.commandDiesAtMs = Math.min(this.commandDiesAtMs, isUrgent ? now : now + takesMs);
  }

  /** Partitions, freezes, sleeps, and one crash, after which another process takes its place. */
  async #suffer(): Promise<void> {
    const { truth } = this.#cluster;
    while (!this.#isCrashed) {
      await truth.sleep(this.#cluster.upTo(15_000));
      const fate = this.#cluster.random();
      if (fate < 0.5) {
        this.#cut(this.#cluster.upTo(2 * this.#leaseMs));
      } else if (fate < 0.7) {
        this.#cluster.count('frozen');
        this.#clock.freeze(this.#cluster.upTo(1.5 * this.#leaseMs));
      } else if (fate < 0.8) {
        this.#suspend(this.#cluster.upTo(3 * this.#leaseMs));
      } else if (fate < 0.88) {
        this.#crash();
      }
    }
  }

  /** The guard's alarm stands still as well. */
  #suspend(ms: number): void {
    this.#cluster.count('slept');
    if (this.commandDiesAtMs > this.#cluster.truth.now()) this.commandDiesAtMs += ms;
    this.#clock.suspend(ms);
  }

  #cut(ms: number): void {
    this.#cluster.count('cut');
    this.#cutUntilMs = this.#cluster.truth.now() + ms;
  }

  #crash(): void {
    this.#cluster.count('crashed');
    this.#isCrashed = true;
    this.#clock.freeze(Infinity);
    this.commandDiesAtMs = Math.min(this.commandDiesAtMs, this.#cluster.truth.now() + 100);
    this.#cluster.launch();
  }

  async onTheWayThere(): Promise<void> {
    if (this.#isCrashed) await never();
    // A request may still be in a socket's buffer when the machine falls asleep, and leave when it wakes.
    if (this.#cluster.chance(0.005)) {
      this.#suspend(this.#cluster.upTo(3 * this.#leaseMs));
      await this.#clock.awake();
    }
    await this.#wire();
  }

  async onTheWayBack(): Promise<void> {
    await this.#wire();
    await this.#clock.awake();
  }

  /** One way: quick, slow, lost, or held up until the partition ends. */
  async #wire(): Promise<void> {
    const { truth } = this.#cluster;
    const heldUpMs = this.#cutUntilMs - truth.now();
    if (heldUpMs > 0) {
      if (this.#cluster.chance(0.7)) await never();
      await truth.sleep(heldUpMs);
    }
    const fate = this.#isTroubled ? this.#cluster.random() : 1;
    if (fate < 0.03) await never();
    if (fate < 0.06) throw new Error('reset');
    if (fate < 0.12) await truth.sleep(this.#cluster.upTo(this.#leaseMs * 1.2));
    else await truth.sleep(this.#cluster.upTo(20));
  }

  #heard(event: ElectionEvent): void {
    if (event.type === 'elected') this.#cluster.elected(this);
    this.#cluster.count(event.type === 'lost' ? event.loss.kind : event.type);
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
