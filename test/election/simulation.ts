/**
 * A cluster in miniature, from one seed: processes whose clocks differ in offset and rate, on wires that delay,
 * lose and deliver late, that freeze, crash and come back. Each one runs a command while it leads, under a guard
 * that kills it when the time it was last told has run out by that machine's clock.
 *
 * Time is true time. `overlaps` is the one thing that must stay empty.
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
  readonly overlaps: readonly string[];
  /** How often each kind of thing happened: a simulation in which nothing happens proves nothing. */
  readonly counts: ReadonlyMap<string, number>;
}

const timings: readonly Timing[] = [
  { leaseDurationMs: 6_000, renewDeadlineMs: 4_000, retryPeriodMs: 1_000 },
  { leaseDurationMs: 6_000, renewDeadlineMs: 5_300, retryPeriodMs: 2_000 },
  { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
];
const durationMs = 90_000;

export async function simulate(seed: number): Promise<Story> {
  const cluster = new Cluster(seed);
  return cluster.run();
}

class Cluster {
  readonly random: () => number;
  readonly truth = new FakeClock();
  readonly server = new MemoryLockServer();
  readonly overlaps: string[] = [];
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
    return { overlaps: this.overlaps, counts: this.counts };
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

  /** A command starts: nobody else's may be alive at this very moment. */
  started(by: SimulatedProcess): void {
    this.count('started');
    const now = this.truth.now();
    for (const other of this.processes)
      if (other !== by && other.commandDiesAtMs > now)
        this.overlaps.push(
          `${by.name} started at ${now.toFixed(1)} while ${other.name} could run until ${other.commandDiesAtMs.toFixed(1)}`,
        );
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
    const rate = cluster.pick([0.99, 0.99, 1, 1.01, 1.01, 0.98 + 0.02 + cluster.upTo(0.01)]);
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
    }
  }

  async #lead(term: Term): Promise<void> {
    const { truth } = this.#cluster;
    if (!this.#isCrashed && term.isTrusted()) {
      this.#tellGuard(term);
      this.#cluster.started(this);
      term.subscribe(() => {
        this.#tellGuard(term);
      });
      term.lost.addEventListener('abort', () => {
        this.#stop(term);
      });
      const end = new AbortController();
      term.lost.addEventListener('abort', () => {
        end.abort();
      });
      await truth.sleep(500 + this.#cluster.upTo(30_000), end.signal);
      // Draining is part of the command's life, on a loss as well.
      if (!term.lost.aborted) this.commandDiesAtMs = truth.now();
      await truth.sleep(this.commandDiesAtMs - truth.now());
      await this.#clock.awake();
    }
    if (this.#isCrashed) return;
    this.#cluster.count((await term.release()).kind);
  }

  /** The guard kills when this has run out, whether or not the process can run. It is never told the dead live. */
  #tellGuard(term: Term): void {
    const now = this.#cluster.truth.now();
    if (this.#isCrashed || term.lost.aborted) return;
    if (this.commandDiesAtMs !== -Infinity && this.commandDiesAtMs <= now && term === this.#guarded)
      return;
    this.#guarded = term;
    this.commandDiesAtMs = now + this.#clock.trueMs(term.remainingMs());
  }
  #guarded: Term | undefined;

  #stop(term: Term): void {
    const now = this.#cluster.truth.now();
    const leftMs = Math.max(0, this.commandDiesAtMs - now);
    const needsMs = this.#cluster.chance(0.7) ? leftMs : this.#cluster.upTo(leftMs);
    this.commandDiesAtMs = Math.min(
      this.commandDiesAtMs,
      term.loss?.kind === 'usurped' ? now : now + needsMs,
    );
  }

  /** Partitions, freezes, and one crash, after which another process takes its place. */
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
      } else if (fate < 0.78) {
        this.#crash();
      }
    }
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
    this.#cluster.count(event.type === 'lost' ? event.loss.kind : event.type);
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
