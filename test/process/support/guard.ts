/** The guard of a wrapper, seen from outside. */
import { argvOf, childrenOf, sessionOf, statusOf } from './proc.ts';
import type { Wrapper } from './stage.ts';

/** The guard's processes in the order of their start; of no guard but the one that is the wrapper's child. */
export function guardOf(wrapper: Wrapper): number[] {
  const main = childrenOf(wrapper.pid).find(isShell);
  return main === undefined ? [] : sessionOf(main);
}

/** Whether there are the main process, relay, watch and alarm, and a sleep under the alarm. */
export function isWhole(guard: readonly number[]): boolean {
  const isSleep = (pid: number) => guard.includes(Number(statusOf(pid, 'PPid'))) && !isShell(pid);
  return guard.filter(isShell).length === 4 && guard.filter(isSleep).length === 1;
}

function isShell(pid: number): boolean {
  return argvOf(pid).includes('k8s-leader-guard');
}
