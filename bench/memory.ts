/** Memory of a process and of what it has started, as the kernel counts it. */
import { readdirSync, readFileSync } from 'node:fs';

/** In kB. */
export interface Memory {
  readonly rss: number;
  readonly pss: number;
  /** The most that it ever had; 0 where several processes are summed up. */
  readonly peakRss: number;
}

/** Process ids of a wrapper and of the command that it has started. */
export interface Wrapper {
  readonly pid: number;
  readonly commandPid: number;
}

export function memoryOf(pid: number): Memory {
  return {
    rss: figure(pid, 'smaps_rollup', 'Rss'),
    pss: figure(pid, 'smaps_rollup', 'Pss'),
    peakRss: figure(pid, 'status', 'VmHWM'),
  };
}

export function sum(memories: readonly Memory[]): Memory {
  const of = (what: keyof Memory) => memories.reduce((total, memory) => total + memory[what], 0);
  return { rss: of('rss'), pss: of('pss'), peakRss: 0 };
}

/** Time on a processor so far, of all its threads that live, in milliseconds. */
export function processorMsOf(pid: number): number {
  const threads = list(`/proc/${String(pid)}/task`);
  const ns = threads.map((thread) =>
    Number(read(`/proc/${String(pid)}/task/${thread}/schedstat`).split(' ')[0]),
  );
  return ns.reduce((total, each) => total + each, 0) / 1e6;
}

/**
 * Time on a processor so far, in seconds, of a process and of those that it has started and waited for. Of a whole
 * tree, the sum over its members misses nothing that has ended meanwhile. The kernel tells what has ended in steps of
 * 0.01 s, what lives in nanoseconds.
 */
export function processorSecondsOf(pid: number): number {
  const endedTicks = statOf(pid).slice(13, 15).map(Number);
  return processorMsOf(pid) / 1_000 + endedTicks.reduce((total, each) => total + each, 0) / 100;
}

/** What is below a wrapper besides its command and what that has started: its keepers. */
export function keepersOf({ pid, commandPid }: Wrapper): number[] {
  const command = new Set([commandPid, ...descendantsOf(commandPid)]);
  return descendantsOf(pid).filter((each) => !command.has(each));
}

/** Of a wrapper and its keepers, so far. */
export function wrapperSecondsOf(wrapper: Wrapper): number {
  const all = [wrapper.pid, ...keepersOf(wrapper)];
  return all.map(processorSecondsOf).reduce((total, each) => total + each, 0);
}

/** Zombies do not. */
export function isAlive(pid: number): boolean {
  const [state = 'X'] = statOf(pid);
  return !'ZX'.includes(state);
}

/** The fields of /proc/PID/stat behind the name, from the state on; none when there is no such process. */
function statOf(pid: number): string[] {
  return read(`/proc/${String(pid)}/stat`)
    .split(') ')
    .at(-1)!
    .split(' ')
    .filter(Boolean);
}

/** Everything below a process, itself left out. */
export function descendantsOf(pid: number): number[] {
  const threads = list(`/proc/${String(pid)}/task`);
  const children = threads.flatMap((thread) =>
    read(`/proc/${String(pid)}/task/${thread}/children`)
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

export function commandLineOf(pid: number): string[] {
  return read(`/proc/${String(pid)}/cmdline`).split('\0');
}

export function environmentOf(pid: number): string {
  return read(`/proc/${String(pid)}/environ`);
}

function figure(pid: number, file: string, name: string): number {
  const text = read(`/proc/${String(pid)}/${file}`);
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
