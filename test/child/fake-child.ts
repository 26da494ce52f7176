import type { Child } from '../../src/child/child.ts';
import type { ExitStatus } from '../../src/child/exit-status.ts';

/** A command that does what the test says: dies, or does not. */
export class FakeChild implements Child {
  readonly pid = 100;
  readonly exited: Promise<ExitStatus>;
  readonly unguarded: Promise<void>;
  /** Process ids that are alive; by default CMD alone. */
  alive = [this.pid];
  /** Whom signals were sent to, and which, in order. */
  readonly sent: string[] = [];
  /** When the guard would kill, in milliseconds from then; the latest last. */
  readonly deadlines: number[] = [];
  isStoodDown = false;
  #end!: (status: ExitStatus) => void;
  #unguard!: () => void;

  constructor() {
    this.exited = new Promise((resolve) => (this.#end = resolve));
    this.unguarded = new Promise((resolve) => (this.#unguard = resolve));
  }

  /** CMD ends; whom it leaves behind lives on. */
  end(status: ExitStatus, leftOver: readonly number[] = []): void {
    this.alive = [...leftOver];
    this.#end(status);
  }

  /** The guard is lost for good. */
  loseGuard(): void {
    this.#unguard();
  }

  living(): number[] {
    return this.alive;
  }

  send(signal: NodeJS.Signals): void {
    this.sent.push(`CMD ${signal}`);
  }

  sendToAll(signal: NodeJS.Signals): void {
    this.sent.push(`all ${signal}`);
  }

  killIn(ms: number): void {
    this.deadlines.push(ms);
  }

  standDown(): void {
    this.isStoodDown = true;
  }
}
