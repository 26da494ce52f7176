/** Of Node's process what our libraries look at; we ask the ports in src/platform. */

const variables = native.environment.flatMap((bytes): [string, string][] => {
  const text = native.text(bytes);
  const end = text.indexOf('=', 1);
  return end < 0 ? [] : [[text.slice(0, end), text.slice(end + 1)]];
});

export const hostProcess = {
  // The first of a name counts, as for getenv(3).
  env: Object.fromEntries(variables.reverse()) as Record<string, string | undefined>,
  argv: ['', ...native.argv.map((word) => native.text(word))],
  execArgv: [],
  pid: native.pid,
  platform: 'linux',
  versions: { node: '24.0.0' },
  version: 'v24.0.0',
  stdout: {},
  stderr: {},
  stdin: {},
  cwd: () => native.sync('cwd'),
  exit: (status = 0) => native.exit(status),
  nextTick: (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
    queueMicrotask(() => {
      callback(...args);
    });
  },
  emitWarning: () => undefined,
  on: () => undefined,
  once: () => undefined,
  off: () => undefined,
};
