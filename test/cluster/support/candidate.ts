/** `k8s-leader run` as a process: the real program, what it says, and how it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { RunEvent } from '../../../src/events.ts';
import type { Reaper } from '../../support/control-plane/reaper.ts';
import { program } from '../../support/program-under-test.ts';
import { until } from './until.ts';

/** A line of the log. */
export interface LogLine {
  readonly event: RunEvent['kind'];
  readonly level: string;
  /** `msg` in the log. */
  readonly message: string;
  /** When it was written: RFC 3339, milliseconds. */
  readonly time: string;
  /** Of `started`. */
  readonly pid?: number;
  /** Of `elected`. */
  readonly fencingToken?: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Candidate {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  /** All that it has logged so far, if it logs as JSON. */
  readonly log: readonly LogLine[];
  /** The next line about this event, after the line that was asked for before. */
  told(event: LogLine['event'], withinMs?: number): Promise<LogLine>;
  signal(signal: NodeJS.Signals): void;
  /** Settles when it is gone itself. */
  readonly exited: Promise<Ended>;
  /** Settles when it is gone, and with it everything that could still write to its output. */
  readonly ended: Promise<Ended>;
}

/** How to run it. */
export interface Invocation {
  /** By default {@link program}. */
  readonly program?: readonly string[];
  /** What to run it by, instead of directly. */
  readonly launcher?: readonly string[];
  readonly args: readonly string[];
  /** All of its environment but PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends it when the test process goes away. */
  readonly reaper: Reaper;
}

function logLine(text: string): LogLine {
  const { msg, ...rest } = JSON.parse(text) as Omit<LogLine, 'message'> & { msg: string };
  return { ...rest, message: msg };
}

/** Starts the program in a session of its own, as in a container: there is no terminal. */
export async function startCandidate(invocation: Invocation): Promise<Candidate> {
  const { launcher = [], args, env, reaper, program: form = program } = invocation;
  const [file = '', ...rest] = [...launcher, ...form, ...args];
  const child = spawn(file, rest, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  });
  await once(child, 'spawn');
  reaper.watch(child);

  const log: LogLine[] = [];
  let stdout = '';
  let stderr = '';
  let asked = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  createInterface({ input: child.stderr }).on('line', (line) => {
    stderr += `${line}\n`;
    if (line.startsWith('{')) log.push(logLine(line));
  });
  const endAt = async (event: 'exit' | 'close'): Promise<Ended> => {
    const [code, signal] = (await once(child, event)) as [Ended['code'], Ended['signal']];
    return { code, signal };
  };
  const [exited, ended] = [endAt('exit'), endAt('close')];
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    log,
    exited,
    ended,
    async told(event, withinMs = 30_000) {
      const next = () => log.findIndex((line, index) => index >= asked && line.event === event) + 1;
      asked = await until(`${child.pid} says "${event}"`, next, { everyMs: 5, withinMs });
      return log[asked - 1]!;
    },
    signal(signal) {
      child.kill(signal);
    },
  };
}
