import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Self } from '../ports.ts';

export const ownPid: Self['ownPid'] = () => process.pid;

export const parentPid: Self['parentPid'] = () => process.ppid;

export const effectiveUser: Self['effectiveUser'] = () => process.geteuid?.();

export const processorMs: Self['processorMs'] = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

export const memoryBytes: Self['memoryBytes'] = () => process.memoryUsage.rss();

export const startedAtMs: Self['startedAtMs'] = () => performance.timeOrigin;

export const environment: Self['environment'] = () => process.env;

export const nodeVersion: Self['nodeVersion'] = () => process.versions.node;

export const raisesFileLimit: Self['raisesFileLimit'] = () => true;

export const haveThreadsWork: Self['haveThreadsWork'] = async () => {
  const work = ['FSReqPromise', 'FSReqCallback', 'GetAddrInfoReqWrap'];
  for (let turn = 0; turn < 3; turn += 1) {
    if (!process.getActiveResourcesInfo().some((resource) => work.includes(resource))) return false;
    // What has just been done is listed until the next turn of the event loop.
    await nextTurn();
  }
  return true;
};

export const become: Self['become'] = (file, argv, env) => {
  // Node ignores these two, and what is ignored stays so in CMD; what is handled does not.
  for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => undefined);
  process.execve?.(file, argv, env);
  throw new Error('process.execve returned');
};
