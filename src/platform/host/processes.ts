import type { Ended, Processes, Running } from '../ports.ts';
import { signalNumbers } from './machine.ts';
import { start } from './spawn.ts';
import { HostWire } from './wires.ts';

export const startKeeper: Processes['startKeeper'] = (file, args, descriptors) => {
  const pairs = [native.socketpair(), native.socketpair()];
  const theirs = pairs.map(([, their]) => their);
  const keeper = running(() =>
    native.spawn({
      file,
      // Neither a `pkill -f k8s-leader` nor a search for a variable finds them.
      argv: ['keeper', ...args],
      environment: [],
      descriptors: [0, 1, 2, ...theirs, ...descriptors],
      session: false,
    }),
  );
  for (const fd of theirs) native.sync('close', fd);
  const ours = pairs.map(([our]) => our);
  if (keeper.pid !== undefined) return { ...keeper, wires: ours.map((fd) => new HostWire(fd)) };
  for (const fd of ours) native.sync('close', fd);
  return { ...keeper, wires: [] };
};

export const startCommand: Processes['startCommand'] = (command, env, apart) =>
  running(() => start(command, { env, descriptors: [0, 1, 2], session: apart }));

function running(spawn: () => number): Running {
  try {
    const pid = spawn();
    const { promise, resolve } = Promise.withResolvers<Ended>();
    const listeners: (() => void)[] = [];
    native.onExit(pid, (status) => {
      for (const listener of listeners) listener();
      resolve(endedBy(status));
    });
    return { pid, ended: promise, onExit: (listener) => listeners.push(listener) };
  } catch (thrown) {
    const { code: error } = thrown as NodeJS.ErrnoException;
    return { pid: undefined, ended: Promise.resolve({ error }), onExit: () => undefined };
  }
}

/** From the status that waitpid(2) gives. */
export function endedBy(status: number): Ended {
  const number = status & 0x7f;
  if (number === 0) return { code: (status >> 8) & 0xff };
  const [name = `SIG${String(number)}`] =
    Object.entries(signalNumbers).find(([, each]) => each === number) ?? [];
  return { signal: name };
}

export const kill: Processes['kill'] = (target, signal) => {
  native.kill(target, signal === 0 ? 0 : (signalNumbers[signal] ?? 0));
};
