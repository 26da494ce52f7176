/** A process that is measured: when it says something, and how it ends. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Reaper } from '../test/support/control-plane/reaper.ts';

/** A command that says "x" first of all and "y" last of all, when its stdin ends. */
export const speaker = ['/bin/sh', '-c', 'echo x; read _; echo y'];

/** The same with its process id behind the "x", and it says "y" as well when a TERM ends it. */
export const worker = ['/bin/sh', '-c', 'trap "echo y; exit 0" TERM; echo x $$; read _; echo y'];

/** Says "x" and waits for the end of stdin, with nothing of ours: the floor. */
export const bareNode = [
  process.execPath,
  '-e',
  'const fs = require("fs"); fs.writeSync(1, "x\\n"); fs.readSync(0, Buffer.alloc(1)); fs.writeSync(1, "y\\n")',
];

/** The same as soon as it has a TLS connection: no client of the API server written for Node gets below. */
export function bareNodeWithTls(port: number): string[] {
  const script = `
    const fs = require('fs');
    require('tls').connect({ port: ${port}, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      fs.writeSync(1, 'x\\n');
      process.stdin.resume().on('end', () => process.exit());
    });`;
  return [process.execPath, '-e', script];
}

export class Subject {
  readonly pid: number;
  /** Of `performance.now()`, right before it was started. */
  readonly startedAtMs: number;
  /** Settles when it has ended and nobody holds its stdout any more. */
  readonly closed: Promise<unknown>;
  /** Settles when it has ended itself. */
  readonly exited: Promise<unknown>;
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
    this.exited = once(this.#process, 'exit');
    stdout.setEncoding('utf8').on('data', (text: string) => {
      const atMs = performance.now();
      this.#said += text;
      for (const word of text.split(/\s+/).filter(Boolean)) this.#heard.push({ word, atMs });
    });
    stderr.setEncoding('utf8').on('data', (text: string) => (this.#complaints += text));
  }

  /** Ends it when this process goes away. */
  watchedBy(reaper: Reaper): this {
    reaper.watch(this.#process);
    return this;
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

  async standsBy(): Promise<void> {
    while (!this.isStandingBy) {
      if (this.hasEnded) throw new Error(`it does not stand by:\n${this.#complaints}`);
      await delay(10);
    }
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Of {@link worker}, once it has spoken. */
  get commandPid(): number {
    return Number(/^x (\d+)$/m.exec(this.#said)?.[1]);
  }

  /** Ends the command of {@link speaker} in good order. */
  endCommand(): void {
    this.#process.stdin.end();
  }

  kill(): void {
    this.signal('SIGKILL');
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}
