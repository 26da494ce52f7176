import type { Self } from '../ports.ts';

export const ownPid: Self['ownPid'] = () => native.pid;

export const parentPid: Self['parentPid'] = () => native.ppid();

export const effectiveUser: Self['effectiveUser'] = () => native.euid();

export const processorMs: Self['processorMs'] = () => native.usage().cpuMs;

export const memoryBytes: Self['memoryBytes'] = () => native.usage().rssBytes;

export const startedAtMs: Self['startedAtMs'] = () => performance.timeOrigin;

export const environment: Self['environment'] = () => process.env;

export const nodeVersion: Self['nodeVersion'] = () => 'none';

export const raisesFileLimit: Self['raisesFileLimit'] = () => false;

/** The end of the host waits for no thread. */
export const haveThreadsWork: Self['haveThreadsWork'] = () => Promise.resolve(false);

export const become: Self['become'] = (file, argv, env) => {
  const variables = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  return native.exec(file, argv, variables);
};
