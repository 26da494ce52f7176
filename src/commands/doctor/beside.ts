/**
 * The k8s-leader that this container runs: whether it has options that would change what `doctor` says. People repeat the
 * lock, and forget the rest.
 */
import type { Environment } from '../../cli/settings.ts';
import { readNow } from '../../platform/files-now.ts';
import { basename } from '../../platform/paths.ts';
import { open, type Finding } from './finding.ts';
import type { DoctorOptions } from './target.ts';

/** Reads a command line of `doctor`, which may be one of `run`. @throws when it is invalid */
export type Read = (argv: readonly string[], env: Environment) => DoctorOptions | { text: string };

/** The words of PID 1 and of its children: in a container, the wrapper is one of them. */
export function programsHere(): string[][] {
  try {
    const children = readNow('/proc/1/task/1/children').toString().split(' ');
    return ['1', ...children].filter((pid) => pid !== '').map(wordsOf);
  } catch {
    return [];
  }
}

function wordsOf(pid: string): string[] {
  try {
    return readNow(`/proc/${pid}/cmdline`).toString().split('\0').slice(0, -1);
  } catch {
    return []; // it has ended
  }
}

/** What to tell of those that run for the same lock; undefined when nothing is different. */
export function besides(
  programs: readonly (readonly string[])[],
  given: DoctorOptions,
  env: Environment,
  read: Read,
): Finding | undefined {
  for (const words of programs) {
    const argv = argumentsOfRun(words);
    if (argv === undefined) continue;
    const options = tryRead(argv, env, read);
    if (options?.lock !== given.lock || checked(options) === checked(given)) continue;
    const end = argv.findIndex((word) => word === '--' || word === options.command);
    const said = argv.slice(0, end < 0 ? argv.length : end).join(' ');
    return open('options', `the k8s-leader here runs with others: ${said}`, 'repeat them');
  }
  return undefined;
}

/** Behind `run`, where k8s-leader is told to. */
function argumentsOfRun(words: readonly string[]): readonly string[] | undefined {
  const at = words.indexOf('run');
  const program = basename(words[at - 1] ?? '');
  return /^k8s-leader(\.js)?$/.test(program) ? words.slice(at + 1) : undefined;
}

function tryRead(argv: readonly string[], env: Environment, read: Read): DoctorOptions | undefined {
  try {
    const options = read(argv, env);
    return 'text' in options ? undefined : options;
  } catch {
    return undefined;
  }
}

/** What the checks depend on. */
function checked(options: DoctorOptions): string {
  const { backend, lockKind, namespace, timing, stopTimeoutMs, podLabel, events, owner } = options;
  return JSON.stringify([
    ...[backend, lockKind, namespace, timing, stopTimeoutMs],
    ...[podLabel, events, owner],
  ]);
}
