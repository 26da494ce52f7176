import type { Socket } from 'node:net';
import { execa, type Options, type Result, type Subprocess } from 'execa';
import type { Ended, Processes, Running } from '../ports.ts';

const common = { extendEnv: false, reject: false, cleanup: false, buffer: false } as const;

export const startKeeper: Processes['startKeeper'] = (file, args, descriptors) => {
  const keeper = execa(file, args, {
    ...common,
    // Neither a `pkill -f k8s-leader` nor a search for a variable finds them.
    argv0: 'keeper',
    env: {},
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'pipe', ...descriptors],
    ...workingFolder(),
  } as Options);
  const { pid, stdio } = keeper.nodeChildProcess;
  const wires = pid === undefined ? [] : [stdio[3] as Socket, stdio[4] as Socket];
  // Writing to a keeper that has just been killed is no fault: its end is what counts.
  for (const wire of wires) wire.on('error', () => undefined);
  return { ...running(keeper), wires };
};

export const startCommand: Processes['startCommand'] = ([file, ...args], env, apart) =>
  running(
    execa(file, args, {
      ...common,
      stdio: 'inherit',
      detached: apart,
      env: env as Record<string, string>,
    }),
  );

function running(
  started: Promise<Pick<Result, 'code' | 'signal' | 'exitCode'>> &
    Pick<Subprocess, 'nodeChildProcess'>,
): Running {
  const process = started.nodeChildProcess;
  const ended = async (): Promise<Ended> => {
    const { code: error, signal, exitCode: code } = await started;
    return { error, signal, code };
  };
  return {
    pid: process.pid,
    ended: ended(),
    onExit: (listener) => process.once('exit', listener),
  };
}

export const kill: Processes['kill'] = (target, signal) => {
  process.kill(target, signal);
};

/** A folder that has been removed has no name any more, but can still be worked in. */
function workingFolder(): { cwd?: string } {
  try {
    process.cwd();
    return {};
  } catch {
    return { cwd: '/proc/self/cwd' };
  }
}
