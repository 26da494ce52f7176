/** The composition root: the only file that knows every other. Everything it needs of the world is handed in. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isatty } from 'node:tty';
import type { Preparation } from './child/child.ts';
import { findCommand } from './child/command.ts';
import { environmentFor } from './child/environment.ts';
import { guardProblem } from './child/guard-problem.ts';
import type { SignalSource } from './child/signals.ts';
import { hasControllingTerminal } from './child/terminal.ts';
import { environmentWithoutOurs } from './cli/environment.ts';
import { parse } from './cli/parse.ts';
import type { RunOptions } from './cli/run-options.ts';
import { systemClock } from './clock.ts';
import type { ElectionListener } from './election/events.ts';
import { ExpectedError } from './errors.ts';
import { exitCode } from './exit-code.ts';
import type { RunListener } from './events.ts';
import { LeaderElector } from './library/leader-elector.ts';
import { defaultIdentity } from './library/surroundings.ts';
import type { Announcing } from './kube/announcing.ts';
import { openLock } from './locks/index.ts';
import type { Observation } from './observe/observation.ts';
import { faultLine } from './observe/describe.ts';
import { log, wantsColours } from './observe/log.ts';
import { printable } from './observe/printable.ts';
import { openStderr, type Sink } from './observe/stderr.ts';
import { lookForOtherKind } from './other-kind.ts';
import { print } from './print.ts';
import { run, type Exit, type RunPorts } from './run.ts';
import { version } from './version.ts';

export interface World {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signals: SignalSource;
  /** Help, version and what the other commands print go here; `run` never writes to it. */
  readonly stdout: Sink;
  readonly stderr?: Sink;
}

export interface Ending extends Exit {
  /** A thread hangs, so that an orderly exit would wait for it, perhaps for ever. */
  readonly stuck: boolean;
}

/** Never throws: whatever goes wrong is told on stderr and in the exit status. */
export async function main(world: World): Promise<Ending> {
  const stderr = openStderr();
  const sink = world.stderr ?? stderr.put;
  const exit = await mainTo({ ...world, stderr: sink, droppedLines: stderr.dropped });
  await stderr.drained();
  return { ...exit, stuck: await haveThreadsWork() };
}

/**
 * Whether a thread works on something that we no longer wait for: the name server does not answer, a file system
 * hangs, a pipe in place of a kubeconfig has no writer, stderr no reader.
 */
async function haveThreadsWork(): Promise<boolean> {
  const work = ['FSReqPromise', 'FSReqCallback', 'GetAddrInfoReqWrap'];
  for (let turn = 0; turn < 3; turn += 1) {
    if (!process.getActiveResourcesInfo().some((resource) => work.includes(resource))) return false;
    // What has just been done is listed until the next turn of the event loop.
    await nextTurn();
  }
  return true;
}

/** The world once there is a way to stderr. */
interface Surroundings extends World {
  readonly stderr: Sink;
  /** How many lines nobody could read so far. */
  readonly droppedLines: () => number;
}

async function mainTo(world: Surroundings): Promise<Exit> {
  const { stderr } = world;
  try {
    const invocation = parse(world.argv, world.env, { version });
    if (invocation.kind === 'run') return await runCommand(invocation.options, world);
    if (invocation.kind === 'subcommand') {
      const { subcommand } = await import('./subcommand.ts');
      return await subcommand(invocation, world);
    }
    return print(world.stdout, invocation.text);
  } catch (thrown) {
    if (thrown instanceof ExpectedError) {
      stderr(`k8s-leader: ${printable(faultLine(thrown))}`);
      return { status: thrown.exitCode };
    }
    const stack = thrown instanceof Error ? thrown.stack : String(thrown);
    stderr(`k8s-leader: this is a defect, please report it: ${stack ?? 'no stack'}`);
    return { status: exitCode.defect };
  }
}

async function runCommand(options: RunOptions, world: Surroundings): Promise<Exit> {
  const env = environmentWithoutOurs(world.env);
  const file = findCommand(options.command[0], env['PATH']);
  if (options.disable) becomeCommand(file, options.command, env);

  const identity = options.identity ?? defaultIdentity(env);
  const logLine = log({
    sink: world.stderr,
    format: options.logFormat,
    level: options.logLevel,
    lock: options.lock,
    colours: wantsColours(env, isatty(2)),
    wall: () => systemClock.wall(),
  });
  let observation: Observation | undefined;
  let announcer: Announcing | undefined;
  let lookAside: RunListener | undefined;
  const emit: RunListener = (event) => {
    logLine(event);
    observation?.hear(event);
    lookAside?.(event);
  };
  for (const message of [...options.warnings, ...warningsOfThePlace(env)])
    emit({ type: 'warning', message });

  const foreground = hasControllingTerminal();
  const released = new AbortController();
  let namespace = '';
  let prepared: Promise<Preparation> | undefined;
  const prepare = () =>
    (prepared ??= loadChild().then(({ prepareChild }) => prepareChild(env['PATH'])));
  const observe = async () => {
    const { listen, lock, backend } = options;
    if (!listen) return;
    const lockKind = backend === 'local' ? backend : options.lockKind;
    const { startObservation } = await import('./observe/observation.ts');
    observation = await startObservation({
      ...options,
      address: listen,
      clock: systemClock,
      facts: { version, lock, lockKind, identity },
      namespace: () => namespace || undefined,
      droppedLines: world.droppedLines,
    });
    emit({ type: 'listening', host: observation.host, port: observation.port });
  };
  const ports: RunPorts = {
    clock: systemClock,
    signals: world.signals,
    emit,
    foreground,
    connect: async (signal) => {
      const userAgent = `k8s-leader/${version}`;
      const [opened] = await Promise.all([
        openLock({ ...options, env, userAgent }, signal),
        observe(),
      ]);
      released.signal.addEventListener('abort', opened.close);
      ({ namespace } = opened);
      const { others, connection } = opened;
      if (options.events && connection) {
        const { announcing } = await import('./kube/announcing.ts');
        announcer = announcing({ ...opened, connection, identity, clock: systemClock, emit });
      }
      const { lock } = announcer ?? opened;
      lookAside = lookForOtherKind({
        clock: systemClock,
        others,
        leaseDurationMs: options.timing.leaseDurationMs,
        signal: released.signal,
        warn: (message) => {
          emit({ type: 'warning', message });
        },
      });
      const emitAndPrepare: ElectionListener = (event) => {
        // Who stands by has time for what is needed in a hurry later. A failure shows up then.
        if (event.type === 'standing-by') prepare().catch(() => undefined);
        emit(event);
        announcer?.hear(event);
      };
      const { timing, requestTimeoutMs } = options;
      const how = { ...timing, requestTimeoutMs, identity, onEvent: emitAndPrepare };
      const elector = new LeaderElector({ lock, ...how });
      const { podLabel: label } = options;
      if (!label || !connection) return elector;
      const { labellingPod } = await import('./kube/pod-labelling.ts');
      const warn = (message: string) => {
        emit({ type: 'warning', message });
      };
      const ended = released.signal;
      const clock = systemClock;
      return labellingPod(elector, { ...options, clock, label, connection, env, ended, warn });
    },
    start: async (term) => {
      observation?.leads(term);
      const { startChild } = await loadChild();
      const preparation = await prepare();
      prepared = undefined;
      const { transitions, fencingToken } = term;
      const facts = { lock: options.lock, namespace, identity, transitions, fencingToken };
      const child = await startChild({
        command: options.command,
        env: environmentFor(env, { ...facts, term: preparation.cookie }),
        preparation,
        foreground,
        killInMs: () => term.remainingMs(),
        isWanted: () => term.isTrusted(),
      });
      if (child) emit({ type: 'started', pid: child.pid, command: options.command[0] });
      return child;
    },
  };
  try {
    return await run(options, ports);
  } catch (thrown) {
    if (!(thrown instanceof ExpectedError)) throw thrown;
    emit({ type: 'failed', message: thrown.message, hint: thrown.hint });
    return { status: thrown.exitCode };
  } finally {
    await announcer?.end();
    released.abort();
    observation?.close();
    (await prepared?.catch(() => undefined))?.guard?.standDown();
  }
}

const loadChild = () => import('./child/child.ts');

/** What the machine we run on cannot give us. */
function warningsOfThePlace(env: World['env']): string[] {
  const warnings: string[] = [];
  const unguarded = guardProblem(env['PATH']);
  if (unguarded !== undefined)
    warnings.push(`no guard, CMD would outlive a killed or frozen wrapper: ${unguarded}`);
  if (process.pid === 1)
    warnings.push(
      'this is PID 1: zombies are not reaped, and a signal in the first 0.1s is lost; put an init in front, such as tini',
    );
  return warnings;
}

/** Only throws: there is nothing left to return to. */
function becomeCommand(file: string, command: readonly string[], env: World['env']): never {
  // Node ignores these two, and what is ignored stays so in CMD; what is handled does not.
  for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => undefined);
  process.execve?.(file, command, env);
  throw new Error('process.execve returned');
}
