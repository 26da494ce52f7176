/** `k8s-leader run`, put together: what the story in `run.ts` needs of the machine, the lock and the terminal. */
import { findCommand } from '../child/command.ts';
import { keeperProblem, noKeeper } from '../child/keeper-problem.ts';
import type { RunOptions } from '../cli/run-options.ts';
import { environmentWithoutOurs } from '../cli/settings.ts';
import { random, systemClock } from '../clock.ts';
import { Elector } from '../election/elector.ts';
import { ExpectedError, UsageError } from '../errors.ts';
import type { LockSight } from '../election/options.ts';
import type { RunListener } from '../events.ts';
import type { Exit } from '../exit-code.ts';
import { Extras } from '../extras/extras.ts';
import { openLock } from '../locks/index.ts';
import { defaultIdentity, identityProblem } from '../names.ts';
import type { Countdown } from '../observe/countdown.ts';
import { log, wantsColours } from '../observe/log.ts';
import { hasControllingTerminal, isTerminal } from '../platform/descriptors.ts';
import { become, ownPid } from '../platform/self.ts';
import { typed } from '../text.ts';
import { version } from '../version.ts';
import type { Surroundings, World } from '../world.ts';
import { run, type RunPorts } from './run.ts';
import { Starter } from './start.ts';

type Environment = Surroundings['env'];

export async function runCommand(options: RunOptions, world: Surroundings): Promise<Exit> {
  const { command, lock: name } = options;
  const env = environmentWithoutOurs(world.env);
  const file = findCommand(command[0], env['PATH']);
  if (options.disable) become(file, command, env);
  const { findKeeper, inherited } = world;
  const unguarded = keeperProblem(findKeeper);
  if (unguarded !== undefined && options.guard === 'required') throw noKeeper(unguarded);

  const identity = options.identity ?? identityFrom(env);
  let namespace = '';
  const logLine = log({
    sink: world.stderr,
    format: options.logFormat,
    level: options.logLevel,
    lock: name,
    facts: () => ({ namespace, identity }),
    colours: wantsColours(env, isTerminal(2)),
    wall: () => systemClock.wall(),
  });
  using countdown = await countdownFor(options, world);
  const emit: RunListener = (event) => {
    countdown?.hear(event);
    // A failure of what is prepared shows up when it is needed.
    if (event.kind === 'standing-by') starter.prepare().catch(() => undefined);
    logLine(event);
    extras.hear(event);
  };
  const { guard } = options;
  const { timeLeft } = options;
  const facts = () => ({ lock: name, namespace, identity, timeLeft });
  const foreground = hasControllingTerminal();
  const what = { command, file, env, foreground, facts, findKeeper, inherited, guard };
  await using starter = new Starter({ clock: systemClock, ...what });
  const { droppedLines } = world;
  await using extras = new Extras(options, { env, identity, emit, droppedLines });
  for (const message of [...options.warnings, ...warningsOfThePlace(unguarded, world)])
    emit({ kind: 'warning', message });

  const ports: RunPorts = {
    clock: systemClock,
    signals: world.signals,
    emit,
    connect: async (signal) => {
      const opening = openLock({ ...options, env, userAgent: `k8s-leader/${version}` }, signal);
      const [opened] = await Promise.all([opening, extras.listen()]);
      ({ namespace } = opened);
      const lock = starter.preparedBy(await extras.follow(opened));
      const { deaths } = extras;
      const onSight = (sight: LockSight) => countdown?.sees(sight);
      const how = { ...options, lock, clock: systemClock, identity, emit, onSight, random, deaths };
      return extras.label(new Elector(how), opened);
    },
    start: async (term) => {
      await extras.leads(term);
      const child = await starter.start(term);
      if (child) emit({ kind: 'started', pid: child.pid, command: command[0] });
      return child;
    },
  };
  try {
    return await run(options, ports);
  } catch (thrown) {
    if (!(thrown instanceof ExpectedError)) throw thrown;
    emit({ kind: 'failed', message: thrown.message, hint: thrown.hint });
    return { status: thrown.exitCode };
  }
}

/** For people at a terminal who want to hear more than of trouble. Loaded for nobody else. */
async function countdownFor(
  { lock, logFormat, logLevel }: RunOptions,
  { env, showLine }: Surroundings,
): Promise<Countdown | undefined> {
  if (logFormat === 'json' || logLevel === 'warn' || logLevel === 'error') return undefined;
  if (!isTerminal(2) || env['TERM'] === 'dumb') return undefined;
  const { countdownOnStderr } = await import('../observe/countdown.ts');
  return countdownOnStderr({ clock: systemClock, lock, show: showLine });
}

/** @throws {UsageError} when `$POD_NAME` cannot be part of an identity */
function identityFrom(env: Environment): string {
  const identity = defaultIdentity(env);
  const problem = identityProblem(identity);
  if (problem === undefined) return identity;
  throw new UsageError(`POD_NAME '${typed(env['POD_NAME'] ?? '')}': ${problem}`, 'set --identity');
}

/** What the machine we run on cannot give us. */
function warningsOfThePlace(unguarded: string | undefined, { executable }: World): string[] {
  const warnings: string[] = [];
  if (unguarded !== undefined)
    warnings.push(
      `no keeper, so CMD outlives a killed or frozen wrapper, and its daemons outlive CMD: ${unguarded}`,
    );
  // The one file blocks signals with its first instruction, and reaps whatever ends.
  if (ownPid() === 1 && executable === undefined)
    warnings.push(
      'this is PID 1: zombies are not reaped, and a signal in the first 0.1s is lost; put an init in front, such as tini',
    );
  return warnings;
}
