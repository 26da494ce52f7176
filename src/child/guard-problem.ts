import { existsSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export const shell = '/bin/sh';
const programs = ['sleep', 'grep'];

/** Where the guard finds its programs. */
export function guardPath(path: string | undefined): string {
  return ['/usr/bin', '/bin', path].filter(Boolean).join(':');
}

/** Why there can be no guard here; undefined when there can. */
export function guardProblem(path: string | undefined): string | undefined {
  if (!existsSync(shell)) return `there is no ${shell}`;
  if (!existsSync('/proc/uptime')) return 'there is no /proc';
  if (ownIdInProc() !== process.pid) return '/proc is that of another PID namespace';
  const folders = guardPath(path).split(':');
  const missing = programs.find(
    (name) => !folders.some((folder) => existsSync(join(folder, name))),
  );
  return missing === undefined ? undefined : `there is no ${missing}`;
}

function ownIdInProc(): number {
  try {
    return Number(readlinkSync('/proc/self'));
  } catch {
    return 0;
  }
}
