/** A process that is measured: when it says something, and how it ends. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export const bin = fileURLToPath(new URL('../../bin/k8s-leader.js', import.meta.url));

/** A command that says "x" first of all and "y" last of all, when its stdin ends. */
export const speaker = ['/bin/sh', '-c', 'echo x; read _; echo y'];

export class Subject {
  readonly pid: number;
  /** Of `performance.now()`, right before it was started. */
  readonly startedAtMs: number;
  /** Settles when it has ended and nobody holds its stdout any more. */
  readonly closed: Promise<unknown>;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #heard: { word: string; atMs: number }[] = [];
  #said = '';
  #complaints = '';

  constructor([file = '', ...args]: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.startedAtMs = performance.now();
    this.#process = spawn(file, args, {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.pid = this.#process.pid ?? 0;
    const { stdin, stdout, stderr } = this.#process;
    stdin.on('error', () => undefined);
    this.closed = once(this.#process, 'close');
    stdout.setEncoding('utf8').on('data', (text: string) => {
      const atMs = performance.now();
      this.#said += text;
      for (const word of text.split(/\s+/).filter(Boolean)) this.#heard.push({ word, atMs });
    });
    stderr.setEncoding('utf8').on('data', (text: string) => (this.#complaints += text));
  }

  /** When it said that, on the clock of {@link startedAtMs}. Fails when it falls silent without. */
  async said(word: string): Promise<number> {
    const silence = this.closed.then(() => {
      throw new Error(`${this.#process.spawnargs.join(' ')}\n${this.#said}${this.#complaints}`);
    });
    silence.catch(() => undefined);
    for (;;) {
      const hit = this.#heard.find((each) => each.word === word);
      if (hit) return hit.atMs;
      await Promise.race([once(this.#process.stdout, 'data'), silence]);
    }
  }

  get isStandingBy(): boolean {
    return this.#complaints.includes('standing by');
  }

  /** Ends the command of {@link speaker} in good order. */
  endCommand(): void {
    this.#process.stdin.end();
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
