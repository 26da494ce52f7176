/** The keepers of a wrapper, seen from outside. */
import { argvOf, childrenOf, isAlive } from './proc.ts';
import type { Wrapper } from './stage.ts';

export interface Keepers {
  readonly outer: number;
  readonly inner: number;
}

/** Those that are below the wrapper; undefined while one is missing. */
export function keepersOf(wrapper: Wrapper): Keepers | undefined {
  return keepersBelow(wrapper.wrapperPid);
}

export function keepersBelow(wrapper: number): Keepers | undefined {
  const outer = childrenOf(wrapper).find(isKeeper);
  const inner = outer === undefined ? undefined : childrenOf(outer).find(isKeeper);
  return outer === undefined || inner === undefined ? undefined : { outer, inner };
}

export function isKeeper(pid: number): boolean {
  return argvOf(pid)[0] === 'keeper' && isAlive(pid);
}
