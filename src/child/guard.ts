/**
 * The guard: a small process that owns the KILL deadline, because our own event loop may stand still when it
 * matters (stopped, starved, blocked in a system call) and because we may be killed ourselves.
 *
 * It kills everything of the term when the deadline passes without a new one, or when we are gone. It is in a
 * session of its own and ignores what a terminal or an orderly shutdown sends. If it dies it is replaced at once;
 * it is stood down only when nothing of the term is left.
 */
import { spawn, type ChildProcessByStdio, type StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { uptime } from 'node:os';
import type { Readable } from 'node:stream';
import { inheritedDescriptors } from './descriptors.ts';
import { guardScript } from './guard-script.ts';
import { guardPath, shell } from './guard-problem.ts';

export interface Guard {
  /** Whom to kill besides the carriers of the cookie: a process, with a negative id a group, or nobody. */
  aim(target: number | undefined): void;
  /** Everything of the term must be dead in `ms` unless this is called again. */
  within(ms: number): void;
  /** Nothing is left to kill. */
  standDown(): void;
  /** Settles when the guard is gone and could not be replaced. */
  readonly failed: Promise<void>;
}

const scriptName = 'k8s-leader-guard';
/** The script's exit code where it misses a program that it needs. It also says so, its only words ever. */
const unfit = 4;
const maxReplacements = 1_000;

/** `path` is where `sleep` and `grep` are found besides the usual places. */
export function startGuard(cookie: string, path: string | undefined): Guard {
  let fail: () => void;
  const failed = new Promise<void>((resolve) => (fail = resolve));
  let target: number | undefined;
  let deadline: number | undefined;
  let replacements = 0;
  let isOver = false;
  let tell: (line: string) => void;

  const start = () => {
    // The program goes through the environment to keep `ps` readable, the cookie does not: it would find itself.
    const guard = spawnAlone(['-c', 'eval "$guard"', scriptName, cookie], {
      PATH: guardPath(path),
      guard: guardScript,
    });
    guard.unref();
    const { stdout } = guard;
    const lifeline = guard.stdio[3] as Socket;
    lifeline.unref();
    // Writing to a guard that has just died is no fault: its end is what counts.
    lifeline.on('error', () => undefined);
    tell = (line) => {
      lifeline.write(`${line}\n`);
    };
    if (target !== undefined) tell(`target ${String(target)}`);
    if (deadline !== undefined) tell(`until ${String(deadline)}`);
    let hasEnded = false;
    const replace = (exitCode: number | null) => {
      if (hasEnded) return;
      hasEnded = true;
      // Parts of a guard may outlive the others.
      lifeline.end('done\n');
      if (isOver) return;
      replacements += 1;
      if (exitCode === unfit || replacements > maxReplacements) fail();
      else start();
    };
    guard.once('exit', replace);
    guard.once('error', () => {
      replace(unfit);
    });
    let said: number | null = null;
    stdout.once('data', () => (said = unfit));
    stdout.once('end', () => {
      replace(said);
    });
  };
  start();
  return {
    failed,
    aim(whom) {
      target = whom;
      tell(`target ${String(whom ?? '')}`);
    },
    within(ms) {
      deadline = Math.floor(uptime() * 100 + ms / 10);
      tell(`until ${String(deadline)}`);
    },
    standDown() {
      isOver = true;
      tell('done');
    },
  };
}

/**
 * A shell with nothing but a socket from us, its descriptor 3: what else it would inherit is replaced by `/dev/null`.
 * It is not stdin, because that would be closed for us when the shell has ended, and what is left of the guard would
 * take it for our end.
 */
function spawnAlone(args: readonly string[], env: Record<string, string>) {
  const nowhere = openSync('/dev/null', 'r');
  try {
    const inherited = inheritedDescriptors().filter((fd) => fd !== nowhere);
    const places = Array.from({ length: Math.max(3, ...inherited) - 3 }, (_, place) => place + 4);
    const rest = places.map((fd) => (inherited.includes(fd) ? nowhere : 'ignore'));
    const stdio = ['ignore', 'pipe', 'ignore', 'pipe', ...rest] as StdioOptions;
    const guard = spawn(shell, args, { stdio, env, detached: true });
    return guard as ChildProcessByStdio<null, Readable, null>;
  } finally {
    closeSync(nowhere);
  }
}
