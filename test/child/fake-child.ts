import type { Child } from '../../src/child/types.ts';
import type { ExitStatus } from '../../src/child/exit-status.ts';
import type { Disappearance } from '../../src/child/keepers.ts';

/** A command that does what the test says: dies, or does not. */
export class FakeChild implements Child {
  readonly pid = 100;
  readonly exited: Promise<ExitStatus>;
  readonly gone: Promise<Disappearance>;
  readonly unguarded: Promise<void>;
  /** Whom signals were sent to, and which, in order. */
  readonly sent: string[] = [];
  /** When the keepers would kill, in boot time; the latest last. */
  readonly deadlines: number[] = [];
  #alive: readonly number[] = [this.pid];
  #end!: (status: ExitStatus) => void;
  #vanish!: (how: Disappearance) => void;
  #unguard!: () => void;

  constructor() {
    this.exited = new Promise((resolve) => (this.#end = resolve));
    this.gone = new Promise((resolve) => (this.#vanish = resolve));
    this.unguarded = new Promise((resolve) => (this.#unguard = resolve));
  }

  /** CMD ends; whom it leaves behind lives on. */
  end(status: ExitStatus, leftOver: readonly number[] = []): void {
    this.#end(status);
    this.leave(leftOver);
  }

  /** Of all that CMD started, these are left. */
  leave(alive: readonly number[]): void {
    this.#alive = alive;
    if (alive.length === 0) this.#vanish('gone');
  }

  /** A keeper has been killed. */
  loseKeeper(): void {
    this.#unguard();
  }

  /** Both have been killed. */
  loseKeepers(): void {
    this.#unguard();
    this.#end({ kind: 'signalled', signal: 'SIGKILL' });
    this.#vanish('unknown');
  }

  living(): Promise<readonly number[]> {
    return Promise.resolve(this.#alive);
  }

  pass(signal: NodeJS.Signals): void {
    this.send(signal);
  }

  send(signal: NodeJS.Signals): void {
    this.sent.push(`CMD ${signal}`);
  }

  sendToAll(signal: NodeJS.Signals): void {
    this.sent.push(`all ${signal}`);
  }

  killAt(bootTimeMs: number): void {
    this.deadlines.push(bootTimeMs);
  }
}
