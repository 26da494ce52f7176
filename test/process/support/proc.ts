/** What the kernel says about processes, read from /proc and independent of how the code under test reads it. */
import { constants as fileConstants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { vi } from 'vitest';

/** Process ids with all of the texts somewhere in their environment, zombies left out. */
export function carriersOf(...texts: readonly string[]): number[] {
  const carries = (pid: number) => {
    const environment = read(pid, 'environ');
    return texts.every((text) => environment.includes(text));
  };
  return processIds().filter((pid) => carries(pid) && isAlive(pid));
}

function processIds(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Whether the process may still do something: it exists, is no zombie, and neither ending nor killed. */
export function isAlive(pid: number): boolean {
  const isEnding = (Number(read(pid, 'stat').split(') ').at(-1)?.split(' ')[6]) & exiting) !== 0;
  const isKilled = ['SigPnd', 'ShdPnd'].some((mask) => signalsIn(pid, mask).has(sigkill));
  return !['', 'Z', 'X'].includes(stateOf(pid)) && !isEnding && !isKilled;
}

/** PF_EXITING among the flags of proc_pid_stat(5). */
const exiting = 0x4;
const sigkill = constants.signals.SIGKILL;

/** One letter as in ps(1); empty when there is no such process. */
export function stateOf(pid: number): string {
  return statusOf(pid, 'State').slice(0, 1);
}

/** A line of proc_pid_status(5) without its name; empty when there is none. */
export function statusOf(pid: number, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(read(pid, 'status'))?.[1] ?? '';
}

/** The set of signal numbers in one of the masks of proc_pid_status(5), such as `SigCgt`. */
export function signalsIn(pid: number, mask: string): Set<number> {
  const bits = BigInt(`0x${statusOf(pid, mask) || '0'}`);
  const numbers = Array.from({ length: 64 }, (_, index) => index + 1);
  return new Set(numbers.filter((number) => (bits >> BigInt(number - 1)) & 1n));
}

/** Without what runs a program for another machine, which the kernel puts before it (flag P of binfmt_misc). */
export function argvOf(pid: number): string[] {
  const argv = read(pid, 'cmdline').split('\0').slice(0, -1);
  return basename(argv[0] ?? '').startsWith('qemu-') ? argv.slice(2) : argv;
}

/** The process's children, in the order of their start. */
export function childrenOf(pid: number): number[] {
  return read(pid, `task/${String(pid)}/children`)
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

/** The living processes of a session, in the order of their start as far as process ids tell. */
export function sessionOf(leader: number): number[] {
  const isIn = (pid: number) => statusOf(pid, 'NSsid') === String(leader);
  return processIds().filter((pid) => isIn(pid) && isAlive(pid));
}

export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** What each open descriptor leads to, by its number. */
export function descriptorsOf(pid: number): Map<number, string> {
  const folder = `/proc/${String(pid)}/fd`;
  const links = readdirSync(folder).map((fd): [number, string] => [
    Number(fd),
    target(`${folder}/${fd}`),
  ]);
  return new Map(links);
}

/** Whether whoever uses this descriptor is told to come again instead of being made to wait (O_NONBLOCK). */
export function isNonBlocking(pid: number, fd: number): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(read(pid, `fdinfo/${String(fd)}`))?.[1] ?? '';
  return (parseInt(flags, 8) & fileConstants.O_NONBLOCK) !== 0;
}

/** Proportional set size in kB: memory of its own, and its share of what several use. */
export function pssOf(pid: number): number {
  return Number(/^Pss:\s*(\d+) kB$/m.exec(read(pid, 'smaps_rollup'))?.[1]);
}

/** TCP ports on which the process listens. */
export function listeningPortsOf(pid: number): number[] {
  const sockets = new Set(descriptorsOf(pid).values());
  return ['tcp', 'tcp6'].flatMap((table) =>
    read(pid, `net/${table}`)
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && sockets.has(`socket:[${fields[9] ?? ''}]`))
      .map((fields) => parseInt(fields[1]?.split(':')[1] ?? '', 16)),
  );
}

/** Waits until `fact` holds; looks every few milliseconds, because the kernel does not call back. */
export async function until(fact: () => boolean): Promise<void> {
  await vi.waitUntil(fact, { interval: 2, timeout: 100_000 });
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // Closed since the folder was read.
    return '';
  }
}

/** Empty when there is no such process, or when it has no such file any more. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
