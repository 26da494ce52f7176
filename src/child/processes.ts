/**
 * Which processes of a term are alive. Everything CMD starts carries the term's cookie in its environment, so it
 * is found wherever it went: another group, another session, another parent. Members of CMD's own group are found
 * even if they dropped the cookie. Zombies are not alive. Without `/proc` only the group can be asked.
 *
 * `/proc` is read one process after the other. A member may fork and end meanwhile, so that its heir is not on the
 * list; in the middle of an exec, or of its end, it has no environment to be known by. Hence the list is read again,
 * for those that are new on it, until everybody has been seen alive and to be somebody else.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Family {
  /** The term's unique id, somewhere in the environment of everything CMD started. */
  readonly cookie: string;
  /** CMD's process group, when it has one of its own. */
  readonly group: number | undefined;
}

/** Where new processes end all the time, or one never gets an environment, looking has to stop somewhere. */
const enoughMs = 100;
const enoughLists = 20;

/** Process ids, ascending; never our own. */
export function livingMembers(family: Family): number[] {
  const groupLives = family.group !== undefined && exists(-family.group);
  const strangers = new Set([process.pid]);
  const startedAtMs = performance.now();
  for (let lists = 1; ; lists += 1) {
    const all = processIds();
    if (all === undefined) return groupLives ? [family.group] : [];
    const members: number[] = [];
    let isClear = true;
    for (const pid of all) {
      if (strangers.has(pid)) continue;
      if (isOlderThanWe(pid)) {
        strangers.add(pid);
        continue;
      }
      const environ = read(pid, 'environ');
      // Afterwards: who had no environment because it was about to end has ended by now, or lives on as somebody.
      const stat = fields(pid);
      const isMember =
        environ?.includes(family.cookie) === true ||
        (groupLives && Number(stat[group]) === family.group);
      const lives = isAlive(pid, stat);
      const isNobody = environ === '' && lives && !isKernelThread(stat);
      if (isMember && lives) members.push(pid);
      else if (!isNobody) strangers.add(pid);
      if (isNobody || !lives) isClear = false;
    }
    const isEnough = lists >= enoughLists && performance.now() - startedAtMs > enoughMs;
    if (members.length > 0 || isClear || isEnough) return members;
  }
}

/** Whether a signal could find somebody, zombies included. Negative ids ask for a group. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function processIds(): number[] | undefined {
  try {
    return readdirSync('/proc')
      .filter((name) => /^[1-9]\d*$/.test(name))
      .map(Number);
  } catch {
    return undefined;
  }
}

/** PF_KTHREAD of the kernel's sched.h: it has no environment either, ever. */
function isKernelThread(stat: readonly string[]): boolean {
  return (Number(stat[flags]) & 0x0020_0000) !== 0;
}

function isAlive(pid: number, stat: readonly string[]): boolean {
  if (stat[state] === 'Z') return threadsOf(pid) > 1;
  return stat[state] !== undefined && stat[state] !== '' && stat[state] !== 'X';
}

/** A process whose first thread has ended looks like a zombie while others go on. */
function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${String(pid)}/task`).length;
  } catch {
    return 0;
  }
}

const [state, group, flags, startedAt] = [0, 2, 6, 19];
/** In ticks since the machine booted, as for everybody. */
const ourStart = Number(fields(process.pid)[startedAt]);

/** Nobody is a descendant of a process that is younger. */
function isOlderThanWe(pid: number): boolean {
  return Number(fields(pid)[startedAt]) < ourStart;
}

/** State, parent, group, … of proc_pid_stat(5): what follows the name, which may hold anything. */
function fields(pid: number): string[] {
  const stat = read(pid, 'stat') ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Empty when the process is gone, or going; undefined when it is none of our business. */
function read(pid: number, file: 'environ' | 'stat'): string | undefined {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'latin1');
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    return code === 'EACCES' || code === 'EPERM' ? undefined : '';
  }
}
