/**
 * A command with everything it starts, and the keepers that watch over both: the real `Child` as the run sees it,
 * with processes that end, drain, ignore signals, leave others behind, fork while they are killed, hang in the kernel,
 * where they do nothing and cannot be killed, or belong to another user, and run on.
 */
import type { Child } from '../../src/child/types.ts';
import { signalStatus, type ExitStatus } from '../../src/child/exit-status.ts';
import type { Disappearance } from '../../src/child/keepers.ts';
import type { Machine, ProcessClock } from './machine.ts';
import type { CommandPlan } from './schedule.ts';
import type { Work } from './work.ts';

interface Member {
  readonly pid: number;
  isAlive: boolean;
  isStopped: boolean;
  /** What came while it was stopped. */
  pending: NodeJS.Signals[];
}

export interface FamilyOptions {
  readonly plan: CommandPlan;
  readonly machine: Machine;
  readonly clock: ProcessClock;
  /** Whether a command still ends by itself. */
  readonly isMortal: () => boolean;
  /** The command has ended without anybody's doing. */
  readonly onOwnEnd: () => void;
  /** True time for which things may still go wrong. */
  readonly leftMs: () => number;
  readonly tell: (what: string) => void;
}

/** How often a run looks for a suspension, and some time to act on it. */
const vigilMs = 1_100;
/** Between two blows of a keeper that has left somebody alive. */
/** A process that hangs is asked again at least this often. */
const longestHangMs = 1_000;
const blowsEveryMs = 3;
const usual: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

export class Family implements Child, Work {
  readonly pid = 1_000;
  readonly exited: Promise<ExitStatus>;
  readonly gone: Promise<Disappearance>;
  /** No keeper is ever killed here. */
  readonly unguarded = new Promise<void>(() => undefined);
  /** How the command ended, without anybody's doing. */
  endedByItself: number | undefined;
  readonly #options: FamilyOptions;
  readonly #command: Member = { pid: this.pid, isAlive: true, isStopped: false, pending: [] };
  readonly #straggler: Member = { pid: 1_001, isAlive: false, isStopped: false, pending: [] };
  readonly #forked: Member[] = [];
  #forksLeft: number;
  /** The straggler hangs. */
  #isHanging = false;
  #isOrphaned = false;
  #isDoomed = false;
  readonly #received = new Map<NodeJS.Signals, number>();
  #deadlineMs = Infinity;
  #bootDeadlineMs = Infinity;
  #exit: (status: ExitStatus) => void = () => undefined;
  #vanish: () => void = () => undefined;

  constructor(options: FamilyOptions, killInMs: number) {
    this.#options = options;
    const { clock, plan } = options;
    this.#straggler.isAlive = plan.straggles > 0 || plan.hangsMs > 0;
    this.#forksLeft = plan.forks;
    this.exited = new Promise<ExitStatus>((resolve) => (this.#exit = resolve)).then(
      async (status) => {
        await clock.awake();
        return status;
      },
    );
    this.gone = new Promise<void>((resolve) => (this.#vanish = resolve)).then(async () => {
      await clock.awake();
      return 'gone' as const;
    });
    this.killAt(options.machine.bootTime() + killInMs);
    void this.#keep();
    void this.#live();
  }

  /** Whether any of it can do something right now. */
  get isRunning(): boolean {
    const { machine } = this.#options;
    if (machine.isAsleep || this.#hasSleptThroughItsDeadline()) return false;
    return this.#alive().some((member) =>
      this.#isForeign(member) ? this.#isWithinPromise() : !member.isStopped && !this.#hangs(member),
    );
  }

  get isAlive(): boolean {
    return this.#alive().length > 0;
  }

  get commandIsAlive(): boolean {
    return this.#command.isAlive;
  }

  received(signal: NodeJS.Signals): number {
    return this.#received.get(signal) ?? 0;
  }

  async living(): Promise<readonly number[]> {
    await this.#options.clock.awake();
    return this.#alive().map(({ pid }) => pid);
  }

  pass(signal: NodeJS.Signals): void {
    this.send(signal);
  }

  send(signal: NodeJS.Signals): void {
    for (const member of this.#alive()) this.#deliver(member, signal);
  }

  /** KILL is repeated by the keepers. */
  sendToAll(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL') void this.#killAll();
    else this.send(signal);
  }

  killAt(bootTimeMs: number): void {
    const { machine } = this.#options;
    this.#deadlineMs = machine.now() + bootTimeMs - machine.bootTime();
    this.#bootDeadlineMs = bootTimeMs;
  }

  /** The wrapper has been killed: the keepers see their sockets end. */
  async orphan(): Promise<void> {
    this.#isOrphaned = true;
    await this.#options.machine.alarm(this.#options.plan.killTakesMs);
    await this.#killAll();
  }

  /** The machine is gone. */
  vanish(): void {
    this.#forksLeft = 0;
    this.#isHanging = false;
    // The straggler before the command, after whose end it would hang.
    for (const member of this.#alive().reverse()) this.#kill(member);
  }

  /** Until nobody is left. */
  async #killAll(): Promise<void> {
    while (this.isAlive) {
      this.send('SIGKILL');
      if (this.#alive().length === 0) return;
      const isInVain = this.#alive().every((each) => this.#hangs(each) || this.#isForeign(each));
      await this.#options.machine.alarm(isInVain ? 50 : blowsEveryMs);
    }
  }

  /**
   * A machine that was frozen whole resumes with its command running for an instant: what a lease cannot prevent.
   * The keepers' alarm has slept as well; the run looks at the clock every second, if it can.
   */
  #hasSleptThroughItsDeadline(): boolean {
    const { machine, clock } = this.#options;
    const sleptMs = this.#bootDeadlineMs - machine.bootTime() - (this.#deadlineMs - machine.now());
    if (machine.bootTime() < this.#bootDeadlineMs || sleptMs > -1) return false;
    return clock.isFrozen || clock.freeForMs < vigilMs;
  }

  /**
   * What nobody can kill keeps the lock from being handed back, and no more than that: once the term is over, or the
   * wrapper dead, it runs beside whoever leads then.
   */
  #isWithinPromise(): boolean {
    return !this.#isOrphaned && this.#options.machine.bootTime() < this.#bootDeadlineMs;
  }

  async #keep(): Promise<void> {
    const { machine } = this.#options;
    const leftMs = () => this.#deadlineMs - machine.now();
    while (this.isAlive) {
      if (leftMs() > 0) await machine.alarm(leftMs());
      else await this.#strike();
    }
  }

  async #strike(): Promise<void> {
    const { machine, plan, tell } = this.#options;
    await machine.alarm(plan.killTakesMs);
    tell('keepers kill');
    await this.#killAll();
  }

  async #live(): Promise<void> {
    const { machine, plan, isMortal } = this.#options;
    await machine.alarm(plan.lastsMs);
    if (!isMortal() || !this.#command.isAlive) return;
    if (this.#command.isStopped) return;
    this.endedByItself = plan.code;
    this.#options.onOwnEnd();
    this.#end(this.#command, { kind: 'exited', code: plan.code });
  }

  #deliver(member: Member, signal: NodeJS.Signals): void {
    if (this.#isForeign(member)) return;
    if (signal === 'SIGKILL' && this.#hangs(member)) this.#isDoomed = true;
    else if (signal === 'SIGKILL') this.#kill(member);
    else if (signal === 'SIGSTOP') member.isStopped = true;
    else if (signal === 'SIGCONT') {
      member.isStopped = false;
      for (const pending of member.pending.splice(0)) this.#take(member, pending);
    } else if (member.isStopped) {
      member.pending.push(signal);
      if (member === this.#command) this.#count(signal);
    } else {
      if (member === this.#command) this.#count(signal);
      this.#take(member, signal);
    }
  }

  #hangs(member: Member): boolean {
    return this.#isHanging && member === this.#straggler;
  }

  #isForeign(member: Member): boolean {
    return (
      this.#options.plan.isForeign && this.#options.plan.hangsMs > 0 && member === this.#straggler
    );
  }

  #kill(member: Member): void {
    if (this.#forksLeft > 0 && !member.isStopped) {
      this.#forksLeft -= 1;
      const pid = this.pid + 2 + this.#forked.length;
      this.#forked.push({ pid, isAlive: true, isStopped: false, pending: [] });
    }
    this.#end(member, { kind: 'signalled', signal: 'SIGKILL' });
  }

  #count(signal: NodeJS.Signals): void {
    this.#received.set(signal, this.received(signal) + 1);
  }

  #take(member: Member, signal: NodeJS.Signals): void {
    const { plan } = this.#options;
    if (member !== this.#command || !usual.includes(signal) || plan.onSignal === 'ignores') return;
    const inMs = plan.onSignal === 'drains' ? plan.drainsMs : 1;
    const status: ExitStatus =
      plan.onSignal === 'drains'
        ? { kind: 'exited', code: signalStatus(signal) }
        : { kind: 'signalled', signal };
    void this.#options.machine.alarm(inMs).then(() => {
      this.#end(member, status);
    });
  }

  #end(member: Member, status: ExitStatus): void {
    if (!member.isAlive) return;
    member.isAlive = false;
    if (member === this.#command) this.#endCommand(status);
    if (!this.isAlive) this.#vanish();
  }

  #endCommand(status: ExitStatus): void {
    this.#options.tell(`command ends: ${JSON.stringify(status)}`);
    this.#exit(status);
    const { machine, plan } = this.#options;
    void this.#hang()
      .then(() => machine.alarm(plan.straggles))
      .then(() => {
        this.#end(this.#straggler, status);
      });
  }

  async #hang(): Promise<void> {
    const { machine, plan, leftMs } = this.#options;
    if (plan.hangsMs === 0 || !this.#straggler.isAlive) return;
    this.#isHanging = true;
    const endsAtMs = machine.now() + plan.hangsMs;
    // Piece by piece, because a machine that sleeps meanwhile must not hang beyond the end of all troubles.
    while (machine.now() < endsAtMs && leftMs() > 0)
      await machine.alarm(Math.min(endsAtMs - machine.now(), leftMs(), longestHangMs));
    this.#isHanging = false;
    if (this.#isDoomed) this.#end(this.#straggler, { kind: 'signalled', signal: 'SIGKILL' });
  }

  #alive(): Member[] {
    return [this.#command, this.#straggler, ...this.#forked].filter(({ isAlive }) => isAlive);
  }
}
