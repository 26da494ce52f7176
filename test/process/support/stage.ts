/**
 * Where the process tests play: a folder with a lock file, wrappers that compete for the lock in it, and the end of
 * everything they started. The wrappers are the real program.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test as base } from 'vitest';
import { isProgram, program } from '../../support/program-under-test.ts';
import { LockFile, lockName } from './lock-file.ts';
import { argvOf, carriersOf, descendantsOf } from './proc.ts';
import { Program, type ProgramOptions } from './program.ts';

/** What a wrapper finds around it. */
export type Place = 'own group' | 'terminal' | 'under an init' | 'as PID 1';

/** The path of a program that serves as CMD or as a hook. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

/** A CMD that prints "ready" and each signal it gets, and ends with 0 after so many of them. */
export function signalPrinter(count: number): string[] {
  return [process.execPath, fixture('signals.js'), String(count)];
}

/** Lost after one second without a renewal, killed after 1.65 s, succeeded after two. */
export const quick = ['--lease-duration', '2', '--renew-deadline', '1', '--retry-period', '0.2'];

/** Lost after 4 s, killed after 5.45 s, succeeded after 6 s. */
export const slow = ['--lease-duration', '6', '--renew-deadline', '4', '--retry-period', '1'];

export interface RunOptions extends Partial<ProgramOptions> {
  /** Its name, when it is not the one that {@link LockFile} is about. */
  readonly lock?: string;
  /** Further options of `k8s-leader run`. */
  readonly flags?: readonly string[];
  /** How our program is started when not as usual. */
  readonly by?: readonly string[];
  readonly place?: Place;
  /** A program that runs the wrapper, which is added to its arguments. */
  readonly before?: readonly string[];
}

export class Stage {
  /** Removed afterwards. Everybody may write to it. */
  readonly folder = mkdtempSync(join(tmpdir(), 'k8s-leader-process-'));
  /** In a folder of its own, which only its owner may write to. */
  readonly lockFile = new LockFile(join(this.folder, 'locks', 'locks.db'));
  readonly #programs: Program[] = [];
  readonly #farewells: (() => void)[] = [];

  constructor() {
    chmodSync(this.folder, 0o777);
  }

  /** Starts `k8s-leader run` with `command`. */
  run(command: readonly string[], options: RunOptions = {}): Wrapper {
    const { place = 'own group', before = [] } = options;
    const argv = inPlace(place, [...before, ...this.commandLine(command, options)]);
    return this.#add(new Wrapper(argv, this.#with(options), place));
  }

  /** Starts anything else. */
  start(argv: readonly string[], options: Partial<ProgramOptions> = {}): Program {
    return this.#add(new Program(argv, this.#with(options)));
  }

  /** What {@link run} executes. */
  commandLine(command: readonly string[], options: RunOptions = {}): string[] {
    const { lock = lockName, flags = [], by = program } = options;
    const { path } = this.lockFile;
    const run = ['run', '--lock', lock, '--backend', 'local', '--local-file', path, ...flags];
    return [...by, ...run, '--', ...command];
  }

  /** Has something done when everything has ended. */
  atEnd(farewell: () => void): void {
    this.#farewells.push(farewell);
  }

  async close(): Promise<void> {
    for (const program of this.#programs) {
      program.end();
      await program.exit.catch(() => undefined);
    }
    for (const farewell of this.#farewells) farewell();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** For the report of a test that has failed. */
  transcript(): string {
    return this.#programs
      .map(({ process: { spawnargs }, stdout, stderr }) =>
        [`$ ${spawnargs.join(' ')}`, stdout.slice(-2_000), stderr.slice(-2_000)].join('\n'),
      )
      .join('\n');
  }

  #with(options: Partial<ProgramOptions>): ProgramOptions {
    const env = { PATH: process.env['PATH'], HOME: this.folder, ...options.env };
    return { cwd: this.folder, ...options, env };
  }

  #add<P extends Program>(program: P): P {
    this.#programs.push(program);
    return program;
  }
}

/** One `k8s-leader run`. */
export class Wrapper extends Program {
  readonly place: Place;

  constructor(argv: readonly string[], options: ProgramOptions, place: Place) {
    super(argv, options);
    this.place = place;
  }

  /** The wrapper's own process; the one we have started may only lead to it. */
  get wrapperPid(): number {
    return this.#find(isProgram);
  }

  /** CMD and everything alive that it has started. */
  offspring(): number[] {
    return carriersOf(this.mark, 'LEADER_TERM=');
  }

  /** Signals it as others do in such a place: under an init by way of the init. */
  override signal(name: NodeJS.Signals): void {
    const isInit = ([file]: string[]) => file === 'tini';
    process.kill(this.place === 'under an init' ? this.#find(isInit) : this.wrapperPid, name);
  }

  #find(isIt: (argv: string[]) => boolean): number {
    const found = [this.pid, ...descendantsOf(this.pid)].find((pid) => isIt(argvOf(pid)));
    if (found === undefined) throw new Error(`no such process\n${this.stdout}\n${this.stderr}`);
    return found;
  }
}

/** A test with a stage of its own, which is cleared afterwards, come what may. */
export const test = base.extend<{ stage: Stage }>({
  stage: async ({ onTestFailed }, use) => {
    const stage = new Stage();
    onTestFailed(() => {
      process.stderr.write(`${stage.transcript()}\n`);
    });
    try {
      await use(stage);
    } finally {
      await stage.close();
    }
  },
});

/** Fails with one clear line when a program of the distribution is not installed. */
export function need(...programs: string[]): void {
  for (const program of programs) {
    try {
      execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program]);
    } catch {
      throw new Error(`this test needs ${program}: install it`);
    }
  }
}

/** Single words for a shell. */
export function quoted(argv: readonly string[]): string {
  return argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

function inPlace(place: Place, argv: readonly string[]): readonly string[] {
  const namespace = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
  switch (place) {
    case 'own group':
      return argv;
    case 'terminal':
      return ['script', '-qefc', `exec ${quoted(argv)}`, '/dev/null'];
    case 'under an init':
      return [...namespace, 'tini', '--', ...argv];
    case 'as PID 1':
      return [...namespace, ...argv];
    default:
      return place satisfies never;
  }
}
