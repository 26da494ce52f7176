/** A real process, what it says, and how it ends. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import { carriersOf } from './proc.ts';

/** Exactly one of them is not null, as in `ChildProcess`. */
export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Pipes by default; that to stdin is held open. */
  readonly stdio?: StdioOptions;
}

/** A variable with a value of its own for every program, carried by everything it starts. */
const markName = 'STARTED_BY_TEST';

export class Program {
  readonly process: ChildProcess;
  readonly mark = `${markName}=${randomUUID()}`;
  /** Settles when the process has ended; what it started may still hold its stdout. */
  readonly exit: Promise<Exit>;
  /** Settles when nobody can write to its stdout and stderr any more. */
  readonly closed: Promise<void>;
  stdout = '';
  stderr = '';
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #hasClosed = false;

  /** Starts it as the leader of a session, so without a terminal, even if the tests are run on one. */
  constructor([file = '', ...args]: readonly string[], options: ProgramOptions) {
    const [name, value] = this.mark.split('=') as [string, string];
    this.process = spawn(file, args, {
      cwd: options.cwd,
      env: { ...options.env, [name]: value },
      stdio: options.stdio ?? 'pipe',
      detached: true,
    });
    this.process.stdin?.on('error', () => undefined);
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#changes.emit('change');
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#changes.emit('change');
    });
    this.exit = new Promise((resolve, reject) => {
      this.process.once('error', reject);
      this.process.once('exit', (status, signal) => {
        resolve({ status, signal });
      });
    });
    this.exit.catch(() => undefined);
    this.closed = new Promise((resolve) => {
      this.process.once('close', () => {
        this.#hasClosed = true;
        this.#changes.emit('change');
        resolve();
      });
    });
  }

  get pid(): number {
    return this.process.pid!;
  }

  get stdin(): Writable {
    return this.process.stdin!;
  }

  /** The lines of stdout and of stderr so far, the last one only when it is complete. */
  get lines(): string[] {
    return [this.stdout, this.stderr].flatMap((text) => text.split(/\r?\n/).slice(0, -1));
  }

  /**
   * Waits for the `count`th line that matches and returns its first group, or the match if there is none. Fails
   * when the program falls silent without it.
   */
  async line(pattern: RegExp, count = 1): Promise<string> {
    for (;;) {
      const hits = this.lines.map((line) => pattern.exec(line)).filter((hit) => hit !== null);
      const hit = hits[count - 1];
      if (hit) return hit[1] ?? hit[0];
      if (this.#hasClosed)
        throw new Error(`ended without ${String(pattern)}\n${this.stdout}\n${this.stderr}`);
      await new Promise((resolve) => this.#changes.once('change', resolve));
    }
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** Everything alive that it has started, itself included if it was. */
  family(): number[] {
    return carriersOf(this.mark);
  }

  /** Kills all of it. Keepers carry no mark: they end when their wrapper does. */
  end(): void {
    this.process.kill('SIGKILL');
    for (const stream of [this.process.stdout, this.process.stderr]) stream?.destroy();
    for (const pid of this.family()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }
}
