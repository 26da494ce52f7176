/**
 * The two keepers as processes of ours: what we tell them, and what they tell us. Who they are, and why two, is drawn
 * in native/keeper.c.
 *
 * Each has a socket, whose end tells it that we are gone, and us that it is. Their words can be trusted for as long as one
 * of them lives: the first `gone` is the kernel's word that nothing is left. If both end without it, nobody knows.
 */
import { errorNumbers } from '../platform/machine.ts';
import type { Running, Wire } from '../platform/ports.ts';
import { kill, startKeeper } from '../platform/processes.ts';
import { exitStatusOf, type ExitStatus } from './exit-status.ts';

/** What the keeper executes, in bytes. */
export interface Execution {
  /** Where the command was found: what a shell is given when that turns out to be a script without `#!`. */
  readonly file: Buffer;
  readonly argv: readonly Buffer[];
  readonly environment: readonly Buffer[];
  /** The soft limit of open files; undefined: the one that we have. */
  readonly softFileLimit: number | undefined;
  /** Signals that CMD is to ignore, as a mask: bit n-1 for signal n. */
  readonly ignoredSignals: bigint;
}

interface KeepersOptions {
  /** The keeper's program. */
  readonly file: string;
  /** Whether CMD shares our process group, because of a terminal. */
  readonly foreground: boolean;
  /** Descriptors above 2 that CMD inherits. */
  readonly descriptors: readonly number[];
}

/** 'unknown': both keepers were killed, and nobody can tell what of the command is left. */
export type Disappearance = 'gone' | 'unknown';

export class Keepers {
  /** The command's process id; undefined when there is none and never will be. */
  readonly started: Promise<number | undefined>;
  /** How the command ended. Killed, where the keeper who would know was killed. */
  readonly exited: Promise<ExitStatus>;
  /** Settles when nothing of the command is left. */
  readonly gone: Promise<Disappearance>;
  /** Settles when a keeper has been killed: the other one then kills the command. */
  readonly broken: Promise<void>;
  readonly #process: Running;
  readonly #outer: Wire | undefined;
  readonly #inner: Wire | undefined;
  #open = 0;
  #hasEnded = false;
  #isGone = false;
  #isAsked: ((pids: readonly number[]) => void)[] = [];
  #error: string | undefined;
  #onStarted!: (pid: number | undefined) => void;
  #onExited!: (status: ExitStatus) => void;
  #onGone!: (how: Disappearance) => void;
  #onBroken!: () => void;

  constructor({ file, foreground, descriptors }: KeepersOptions) {
    this.started = new Promise((resolve) => (this.#onStarted = resolve));
    this.exited = new Promise((resolve) => (this.#onExited = resolve));
    this.gone = new Promise((resolve) => (this.#onGone = resolve));
    this.broken = new Promise((resolve) => (this.#onBroken = resolve));
    const args = [foreground ? 'terminal' : 'session', ...descriptors.map(String)];
    const keeper = startKeeper(file, args, descriptors);
    this.#process = keeper;
    const [outer, inner] = keeper.wires;
    if (!outer || !inner) {
      void keeper.ended.then(({ error }) => {
        this.#error = error ?? 'the keeper cannot be executed';
        this.#onStarted(undefined);
      });
      return;
    }
    this.#outer = this.#listen(outer);
    this.#inner = this.#listen(inner);
    // A stopped process that has ended needs no CONT, and its number may be somebody else's.
    keeper.onExit(() => (this.#hasEnded = true));
  }

  /** Why there is no process of the command, as far as that is known. */
  get error(): string | undefined {
    return this.#error;
  }

  start({ file, argv, environment, softFileLimit, ignoredSignals }: Execution): void {
    const bytes = Buffer.concat([file, ...argv, ...environment].flatMap((each) => [each, zero]));
    const numbers = [argv.length, environment.length, bytes.length, softFileLimit ?? -1];
    this.#inner?.write(`start ${numbers.join(' ')} ${ignoredSignals.toString(16)}\n`);
    this.#inner?.write(bytes);
  }

  /** Everything must be dead when /proc/uptime reaches this. Continues the outer keeper, should somebody have stopped it. */
  killAt(uptimeMs: number): void {
    this.#tellBoth(`until ${String(Math.floor(uptimeMs))}`);
    const { pid } = this.#process;
    if (!this.#hasEnded && pid !== undefined) kill(pid, 'SIGCONT');
  }

  /** Kills everything, until nothing is left. */
  kill(): void {
    this.#tellBoth('kill');
  }

  /** A signal that we got, and the command would have got without us: unless it has, since it was sent to our group. */
  pass(signal: number): void {
    this.#inner?.write(`pass ${String(signal)}\n`);
  }

  send(signal: number): void {
    this.#inner?.write(`send ${String(signal)}\n`);
  }

  sendToAll(signal: number): void {
    this.#inner?.write(`all ${String(signal)}\n`);
  }

  /** Some of those who are alive. */
  async living(): Promise<readonly number[]> {
    const answer = new Promise<readonly number[]>((resolve) => this.#isAsked.push(resolve));
    const none = this.gone.then(() => []);
    (this.#inner?.destroyed ? this.#outer : this.#inner)?.write('living\n');
    return Promise.race([answer, none]);
  }

  /** Lets go of keepers that have nothing to keep: they end. */
  dismiss(): void {
    this.#outer?.end();
    this.#inner?.end();
  }

  #tellBoth(line: string): void {
    this.#outer?.write(`${line}\n`);
    this.#inner?.write(`${line}\n`);
  }

  #listen(wire: Wire): Wire {
    this.#open += 1;
    let rest = '';
    wire.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#hear(line);
    });
    wire.on('close', () => {
      this.#open -= 1;
      if (!this.#isGone) this.#onBroken();
      // Only the inner one knows how the command ended; without it, the kernel kills the command.
      if (wire !== this.#outer) {
        this.#onStarted(undefined);
        this.#onExited({ kind: 'signalled', signal: 'SIGKILL' });
      }
      if (this.#open === 0) this.#onGone('unknown');
    });
    return wire;
  }

  #hear(line: string): void {
    const [word = '', ...rest] = line.split(' ');
    const numbers = rest.map(Number);
    const [number = 0] = numbers;
    if (word === 'started') this.#onStarted(number);
    else if (word === 'failed') this.#error = errorName(number);
    else if (word === 'unfit')
      this.#error = `${errorName(number)}: no orphan would come to its keeper`;
    else if (word === 'exited')
      this.#onExited(
        this.#error === undefined
          ? exitStatusOf(number)
          : { kind: 'not-executed', error: this.#error },
      );
    else if (word === 'living') for (const answer of this.#isAsked.splice(0)) answer(numbers);
    else if (word === 'gone') {
      this.#isGone = true;
      this.#onGone('gone');
      this.dismiss();
    }
  }
}

const zero = Buffer.alloc(1);

function errorName(number: number): string {
  const found = Object.entries(errorNumbers).find(([, each]) => each === number);
  return found?.[0] ?? `error ${String(number)}`;
}
