/**
 * CMD as a running process: start, signal, kill, ask who is left. Nothing else here knows how that is done.
 *
 * Two keepers (native/keeper.c) start it and answer for everything that it starts. Where there can be none, we do what
 * can be done without (bare-child.ts).
 *
 * Without a terminal CMD leads a session and group of its own, and signals go to the whole group. On a terminal it
 * shares ours, which may hold the script that called us: there only CMD, or what descends from it, is ever signalled.
 */
import { startBareChild } from './bare-child.ts';
import type { Child, ChildOptions, CommandOptions, Preparation } from './types.ts';
import { inheritedDescriptors } from './descriptors.ts';
import { argumentBytes, environmentBytes, softFileLimit } from './exact.ts';
import { signalNumber } from './exit-status.ts';
import { keeperProblem, noKeeper } from './keeper-problem.ts';
import { Keepers } from './keepers.ts';
import { notStarted } from './not-started.ts';

/** For one child. */
export function prepareChild({ findKeeper, foreground, inherited }: CommandOptions): Preparation {
  if (keeperProblem(findKeeper) !== undefined) return { keepers: undefined };
  const descriptors = inherited.descriptors ?? inheritedDescriptors();
  return { keepers: new Keepers({ file: findKeeper(), foreground, descriptors }) };
}

/** How often keepers that were killed while they waited are replaced. */
const maxReplacements = 10;

/**
 * Undefined when `isWanted` says no at the last moment.
 * @throws {ExpectedError} 126 or 127 when CMD's process cannot be started, 69 when a keeper is required and there is none
 */
export async function startChild(options: ChildOptions): Promise<Child | undefined> {
  const { command, file, env, variables, clock, killInMs, isWanted, inherited } = options;
  let { keepers } = options.preparation;
  if (!keepers) return isWanted() ? startUnkept(options) : undefined;
  for (let replacements = 0; keepers && replacements <= maxReplacements; replacements += 1) {
    keepers.killAt(clock.bootTime() + killInMs());
    if (!isWanted()) {
      keepers.dismiss();
      return undefined;
    }
    keepers.start({
      file: Buffer.from(file),
      argv: argumentBytes(command),
      environment: environmentBytes(env, variables),
      softFileLimit: softFileLimit(),
      ignoredSignals: inherited.ignoredSignals,
    });
    const pid = await keepers.started;
    if (pid !== undefined) return keptChild(keepers, pid);
    if (keepers.error !== undefined) throw notStarted(command[0], keepers.error);
    ({ keepers } = prepareChild(options));
  }
  throw notStarted(command[0], 'its keepers were killed');
}

function startUnkept(options: ChildOptions): Promise<Child> {
  const problem = keeperProblem(options.findKeeper) ?? 'it could not be prepared';
  if (options.guard === 'required') throw noKeeper(problem);
  return startBareChild(options);
}

function keptChild(keepers: Keepers, pid: number): Child {
  return {
    pid,
    exited: keepers.exited,
    gone: keepers.gone,
    unguarded: keepers.broken,
    living: () => keepers.living(),
    pass: (signal) => {
      keepers.pass(signalNumber(signal));
    },
    send: (signal) => {
      keepers.send(signalNumber(signal));
    },
    sendToAll: (signal) => {
      if (signal === 'SIGKILL') keepers.kill();
      else keepers.sendToAll(signalNumber(signal));
    },
    killAt: (bootTimeMs) => {
      keepers.killAt(bootTimeMs);
    },
  };
}
