/**
 * Which processes of a term are alive. Everything CMD starts carries the term's cookie in its environment, so it
 * is found wherever it went: another group, another session, another parent. Members of CMD's own group are found
 * even if they dropped the cookie. Zombies are not alive. Without `/proc` only the group can be asked.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Family {
  /** The term's unique id, somewhere in the environment of everything CMD started. */
  readonly cookie: string;
  /** CMD's process group, when it has one of its own. */
  readonly group: number | undefined;
}

/** Process ids, ascending; never our own. */
export function livingMembers(family: Family): number[] {
  const groupLives = family.group !== undefined && exists(-family.group);
  const all = processIds();
  if (all === undefined) return groupLives ? [family.group] : [];
  return all.filter(
    (pid) =>
      pid !== process.pid &&
      (read(pid, 'environ').includes(family.cookie) ||
        (groupLives && groupOf(pid) === family.group)) &&
      isAlive(pid),
  );
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

function groupOf(pid: number): number {
  return Number(fields(pid)[2]);
}

function isAlive(pid: number): boolean {
  const state = fields(pid)[0];
  if (state === 'Z') return threadsOf(pid) > 1;
  return state !== undefined && state !== '' && state !== 'X';
}

/** A process whose first thread has ended looks like a zombie while others go on. */
function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${String(pid)}/task`).length;
  } catch {
    return 0;
  }
}

/** State, parent, group, … of proc_pid_stat(5): what follows the name, which may hold anything. */
function fields(pid: number): string[] {
  const stat = read(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Empty when the process is gone or belongs to somebody else. */
function read(pid: number, file: 'environ' | 'stat'): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
