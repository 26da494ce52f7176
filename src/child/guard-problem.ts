import { existsSync } from 'node:fs';

export const shell = '/bin/sh';

/** Why there can be no guard here; undefined when there can. */
export function guardProblem(): string | undefined {
  if (!existsSync(shell)) return `there is no ${shell}`;
  if (!existsSync('/proc/uptime')) return 'there is no /proc';
  return undefined;
}
