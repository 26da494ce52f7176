/**
 * One process of one candidate, from exec to exit: the real run loop and the real elector, over a simulated machine,
 * wire and command; or somebody's program with the library.
 */
import { type ForwardedSignal, endsTheWait } from '../../src/child/signals.ts';
import type { Patience } from '../../src/election/candidate.ts';
import type { LeaderRecord, Lock, Sighting, Versioned } from '../../src/election/lock.ts';
import type { Deaths } from '../../src/election/death.ts';
import { Elector } from '../../src/election/elector.ts';
import type { Term } from '../../src/election/term.ts';
import type { Timing } from '../../src/election/timing.ts';
import { ExpectedError } from '../../src/errors.ts';
import type { RunEvent } from '../../src/events.ts';
import { pairLock } from '../../src/locks/pair.ts';
import { partsOf } from '../../src/locks/pair-record.ts';
import { run, type RunPlan } from '../../src/run/run.ts';
import { certifying } from '../../src/takeover/certifying.ts';
import { podDeaths } from '../../src/takeover/pod-deaths.ts';
import { Body } from './body.ts';
import { Family } from './family.ts';
import { Instance, type Pod } from './kubelet.ts';
import { ProcessClock, type Machine } from './machine.ts';
import { Mailbox } from './mailbox.ts';
import { program } from './program.ts';
import { placesOf, type CandidatePlan, type CommandPlan, type Place } from './schedule.ts';
import { Wire } from './wire.ts';
import type { Work } from './work.ts';
import type { World } from './world.ts';

export interface LifeOptions {
  readonly world: World;
  readonly name: string;
  readonly identity: string;
  readonly plan: CandidatePlan;
  readonly machine: Machine;
  /** Where its container is. */
  readonly pod: Pod;
  readonly dice: () => () => number;
  /** How many commands this candidate has started in earlier lives. */
  readonly commandsBefore: number;
}

/** A bounded wait; shorter than a lease, so that a dead holder outlasts it. */
export const waitMs = 4_000;
const lostExitCode = 79;
const conflictExitCode = 75;
/** The run looks that often whether it has slept, and some time to act on it. */
const wakingMs = 1_200;
/** Clocks may be faster than true time by so much. */
export const fastest = 1.01;
/** What every command is to do, where it is to be done once. */
export const onceKey = 'k';

export class Life {
  readonly name: string;
  readonly places: readonly Place[];
  readonly clock: ProcessClock;
  readonly wire: Wire;
  readonly instance = new Instance();
  /** Nothing of its container is alive: the kernel has seen to that before anybody hears of it. */
  isOver = false;
  /** The latest command. */
  family: Family | undefined;
  /** What it does in its latest term. */
  work: Work | undefined;
  commands = 0;
  /** The term of every record that this process has seen. */
  readonly hasSeen = new Set<string>();
  readonly hasSeenVersions = new Set<string>();
  hasEnded = false;
  /** True time since which it has been watching somebody else lead; Infinity if it does not. */
  watchesSinceMs = Infinity;
  /** Settles when the process is gone. */
  readonly gone: Promise<void>;
  readonly #options: LifeOptions;
  readonly #mailbox: Mailbox;
  #depart: () => void = () => undefined;
  #isInOffice = false;
  /** A command in this term. */
  #hasStarted = false;
  #doomed: { signal: ForwardedSignal; atMs: number } | undefined;
  #hasLost = false;
  #isStuck = false;
  /** True time at which the command of this term has ended by itself, from which on the lock is to be kept. */
  #keepsFromMs = -Infinity;
  /** Something has taken the reason away to keep it. */
  #isInterrupted = false;
  #isKilled = false;
  readonly #latestSeen = { first: 0, second: 0 };

  constructor(options: LifeOptions) {
    const { world, machine, dice, plan } = options;
    this.#options = options;
    this.name = options.name;
    this.places = placesOf(world.schedule, plan);
    this.clock = new ProcessClock(machine, world.truth);
    this.gone = new Promise((resolve) => (this.#depart = resolve));
    this.wire = new Wire({
      truth: world.truth,
      machine,
      clock: this.clock,
      healsAtMs: world.healsAtMs,
      noisiness: world.schedule.noisiness,
      dice,
      isWatchable: plan.isWatchable,
      onRead: (seen, place) => {
        world.tell(this.name, `reads ${place} ${seen?.version ?? 'that there is nothing'}`);
      },
      onSighting: ({ seen, version }, place) => {
        world.tell(this.name, `is shown ${place} ${version}${seen ? '' : ', a deletion'}`);
      },
    });
    this.#mailbox = new Mailbox((signal, handOver) => {
      this.#handOver(signal, handOver);
    });
  }

  async live(): Promise<void> {
    const { world, plan } = this.#options;
    if (this.form !== 'command') {
      await this.#program(this.form);
      this.#end(0);
      return;
    }
    try {
      const { status } = await run(this.#runPlan(), {
        clock: this.clock,
        signals: this.#mailbox,
        emit: (event) => {
          this.#heard(event);
        },
        connect: () => Promise.resolve(this.#elector()),
        start: (term) => this.#start(term),
      });
      this.#end(status);
    } catch (thrown) {
      if (!(thrown instanceof ExpectedError)) throw thrown;
      if (plan.patience === 'forever') world.violated(`${this.name} gave up: ${thrown.message}`);
      this.#end(thrown.exitCode);
    }
  }

  /** A signal as kill(1) sends it: a stopped process hears of it later. */
  async send(signal: ForwardedSignal): Promise<void> {
    await this.clock.awake();
    if (this.hasEnded) return;
    this.#options.world.tell(this.name, `gets ${signal}`);
    this.#mailbox.deliver(signal);
  }

  /** SIGKILL; what the wire has taken is delivered all the same. */
  kill(): void {
    this.#isKilled = true;
    this.clock.freeze(Infinity);
    this.hasEnded = true;
    this.#depart();
  }

  /** What the elector is told; half an answer is none. What is older than something seen before is rightly ignored. */
  #sees(seen: Versioned | undefined, how: 'read' | 'shown'): void {
    for (const place of this.places) {
      const part = this.places.length === 1 ? seen : partsOf(seen)[place];
      if (part) this.hasSeenVersions.add(part.version);
      if (!part || (how === 'shown' && Number(part.version) <= this.#latestSeen[place])) continue;
      this.hasSeen.add(termOf(part.record));
      this.#latestSeen[place] = Number(part.version);
    }
  }

  /** What is shown of a time before its own write tells it nothing. */
  #hasWritten(current: Versioned): void {
    for (const place of this.places) {
      const part = this.places.length === 1 ? current : partsOf(current)[place];
      if (part) this.#latestSeen[place] = Number(part.version);
    }
  }

  async *#seeing(sightings: AsyncIterable<Sighting>): AsyncGenerator<Sighting> {
    for await (const sighting of sightings) {
      this.#sees(sighting.seen, 'shown');
      yield sighting;
    }
  }

  /** What is to be done once, only the command knows. */
  get form(): CandidatePlan['form'] {
    const { world, plan } = this.#options;
    return world.isOnce ? 'command' : plan.form;
  }

  async #program(form: 'loop' | 'callbacks'): Promise<void> {
    const { world, plan, identity, dice } = this.#options;
    world.count(form);
    await program({
      plan,
      form,
      identity,
      lock: this.#lock(),
      deaths: this.#deaths(),
      timing: this.timing,
      clock: this.clock,
      random: dice(),
      signals: this.#mailbox,
      onEvent: (event) => {
        this.#heard(event);
      },
      begin: (term) => this.#begin(term),
      violated: (what) => {
        world.violated(`${this.name} ${what}`);
      },
    });
  }

  #begin(term: Term): { body: Body; plan: CommandPlan } {
    const { world, machine } = this.#options;
    const plan = this.#nextCommand();
    const isMortal = () => !world.isHealed;
    const body = new Body({ plan, term, machine, clock: this.clock, isMortal });
    this.work = body;
    world.tell(this.name, 'work begins');
    void body.ended.then((how) => {
      world.tell(this.name, `work is over: ${how}`);
    });
    world.started(this, body, term.fencingToken);
    return { body, plan };
  }

  #nextCommand(): CommandPlan {
    const { plan, commandsBefore } = this.#options;
    if (plan.kubelet.overwrites) this.instance.message = 'CMD has its own words';
    const command = plan.commands[(commandsBefore + this.commands) % plan.commands.length]!;
    this.commands += 1;
    return command;
  }

  #runPlan(): RunPlan {
    const { plan, world } = this.#options;
    const patience: Patience =
      plan.patience === 'wait' ? { kind: 'wait', waitMs } : { kind: plan.patience };
    return {
      lock: 'nightly',
      patience: world.isHealed ? { kind: 'forever' } : patience,
      conflictExitCode,
      onLost: plan.onLost,
      lostExitCode,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: plan.stopTimeoutMs,
      minHoldMs: plan.minHoldMs,
      once: world.isOnce ? onceKey : undefined,
    };
  }

  /** Whether it may take over before a lease has run out. */
  get certifies(): boolean {
    return this.#options.plan.kubelet.certifies;
  }

  get timing(): Timing {
    const { world, plan } = this.#options;
    return world.schedule.timings[plan.timing];
  }

  #elector(): Elector {
    const { plan, identity, dice } = this.#options;
    return new Elector({
      lock: this.#lock(),
      deaths: this.#deaths(),
      clock: this.clock,
      timing: this.timing,
      identity,
      requestTimeoutMs: plan.requestTimeoutMs,
      random: dice(),
      emit: (event) => {
        this.#heard(event);
      },
    });
  }

  /** As `--takeover-on-exit` has it. */
  #deaths(): Deaths | undefined {
    const { world, plan, dice } = this.#options;
    if (!plan.kubelet.certifies) return undefined;
    const { truth } = world;
    const heldForMs = () => this.wire.heldForMs();
    const reach = { truth, clock: this.clock, dice: dice(), heldForMs };
    const connection = world.pods.connection(reach);
    return podDeaths({
      connection: () => Promise.resolve(connection),
      clock: this.clock,
      random: dice(),
      onFault: () => undefined,
    });
  }

  #lock(): Lock {
    const { plan, pod } = this.#options;
    const lock = this.#plainLock();
    if (!plan.kubelet.certifies) return lock;
    const dwelling = pod.dwelling(this.name);
    const { log } = this.instance;
    return certifying(lock, { clock: this.clock, dwelling, log, warn: () => undefined });
  }

  #plainLock(): Lock {
    const { world } = this.#options;
    const [one, other] = this.places.map((place) =>
      this.wire.lockOn(world.endpointFor(this, place)),
    );
    const lock = other ? pairLock(one!, other) : one!;
    return {
      read: async (how) => {
        const seen = await lock.read(how);
        this.#sees(seen, 'read');
        return seen;
      },
      write: async (...what) => {
        const result = await lock.write(...what);
        if (result.kind === 'conflict' && result.isPartial) world.count('half-way');
        if (result.kind === 'written') this.#hasWritten(result.current);
        return result;
      },
      ...(lock.watch ? { watch: async (signal) => this.#seeing(await lock.watch!(signal)) } : {}),
    };
  }

  /** As the real one: prepare, arm the keepers, ask once more, start; a slow exec keeps the event loop from running. */
  async #start(term: Term): Promise<Family | undefined> {
    const { world, machine } = this.#options;
    const command = this.#nextCommand();
    const startsInMs = world.isHealed ? 0 : command.startsInMs;
    await this.clock.sleep(startsInMs / 2);
    const killInMs = term.remainingMs();
    if (!term.isTrusted()) return undefined;
    if (this.#isKilled) return undefined;
    this.#hasStarted = true;
    if (this.#doomed) world.violated(`${this.name} started a command after ${this.#doomed.signal}`);
    this.family = new Family(
      {
        plan: command,
        machine,
        clock: this.clock,
        isMortal: () => !world.isHealed,
        onOwnEnd: () => (this.#keepsFromMs = world.truth.now()),
        leftMs: () => Math.max(0, world.healsAtMs - world.truth.now()),
        tell: (what) => {
          world.tell(this.name, what);
        },
      },
      killInMs,
    );
    this.work = this.family;
    world.tell(this.name, 'command starts');
    world.started(this, this.family, term.fencingToken);
    this.clock.freeze(startsInMs / 2);
    await this.clock.awake();
    return this.family;
  }

  /** True time before which nothing but a loss, a signal or a request lets it release. */
  get keepsUntilMs(): number {
    // Who has just woken up may have lost the term in its sleep, and has told nobody yet.
    const hasJustWoken = this.clock.freeSinceMs > this.#keepsFromMs - wakingMs;
    if (this.#isInterrupted || hasJustWoken) return -Infinity;
    return this.#keepsFromMs + this.#options.plan.minHoldMs / fastest;
  }

  #handOver(signal: ForwardedSignal, handOver: () => void): void {
    const { world } = this.#options;
    if (endsTheWait(signal)) this.#isInterrupted = true;
    const { family } = this;
    if (this.form !== 'command') {
      handOver();
      this.#doom(signal);
      return;
    }
    if (family?.commandIsAlive) {
      const before = family.received(signal);
      handOver();
      const times = family.received(signal) - before;
      if (times !== 1)
        world.violated(`${this.name}'s command got ${signal} ${String(times)} times`);
      return;
    }
    handOver();
    if (this.#isInOffice && !this.#hasStarted)
      world.violated(`${this.name} swallows ${signal} between election and start`);
    this.#doom(signal);
  }

  #doom(signal: ForwardedSignal): void {
    const { world } = this.#options;
    if (!this.#isInOffice && endsTheWait(signal))
      this.#doomed ??= { signal, atMs: world.truth.now() };
  }

  #heard(event: RunEvent): void {
    const { world, plan } = this.#options;
    if (event.kind === 'standing-by' && plan.isWatchable)
      this.watchesSinceMs = Math.min(this.watchesSinceMs, world.truth.now());
    if (event.kind === 'elected') {
      this.watchesSinceMs = Infinity;
      this.#isInOffice = true;
      // A success that could not be stored is stored in a term of its own, in which nothing is started.
      this.#hasStarted = world.isOnce && this.family?.endedByItself === 0;
      this.#hasLost = false;
      this.#keepsFromMs = -Infinity;
      this.#isInterrupted = false;
    }
    if (['lost', 'asked-to-step-down', 'suspended'].includes(event.kind))
      this.#isInterrupted = true;
    if (event.kind === 'release') {
      this.#isInOffice = false;
      world.releaseEnded(this);
    }
    if (event.kind === 'lost') this.#hasLost = true;
    if (event.kind === 'stuck') this.#isStuck = true;
    if (event.kind === 'lost' && event.loss.kind === 'usurped') world.usurped(this);
    if (event.kind === 'asked-to-step-down') world.asked(this);
    world.heard(this.name, event);
  }

  #end(status: number): void {
    const { world, plan } = this.#options;
    world.tell(this.name, `exits with ${String(status)}`);
    this.hasEnded = true;
    const { family } = this;
    const isStuck = this.#isStuck && this.#hasLost && status === lostExitCode;
    if (this.work?.isAlive && !isStuck) world.violated(`${this.name} left an orphan behind`);
    if (world.isOnce && status === 0 && !world.schedule.forced && !world.isDone(onceKey))
      world.violated(`${this.name} exits with 0, and nothing is stored`);
    const own = plan.onLost === 'exit' && !this.#doomed ? family?.endedByItself : undefined;
    // A signal ends the storing of a success.
    const isUnstored = world.isOnce && own === 0 && status > 128;
    if (own !== undefined && !this.#hasLost && ![own, lostExitCode].includes(status) && !isUnstored)
      world.violated(`${this.name} exits with ${String(status)}, its command with ${String(own)}`);
    if (this.#doomed && this.#doomed.atMs > this.clock.freeSinceMs) {
      const tookMs = world.truth.now() - this.#doomed.atMs;
      if (tookMs > 1_020) world.violated(`${this.name} took ${String(tookMs)} ms to end`);
    }
    this.#depart();
  }
}

/** What tells terms apart in records, and a record as its holder wrote it from one that was cut short. */
export function termOf({ holder, acquireTimeUs, leaseDurationMs }: LeaderRecord): string {
  return `${holder}/${String(acquireTimeUs)}/${String(leaseDurationMs)}`;
}
