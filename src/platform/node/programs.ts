import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Programs } from '../ports.ts';

const run = promisify(execFile);

export const outputOf: Programs['outputOf'] = async (command, args, { env, timeoutMs, signal }) => {
  const limits = { timeout: timeoutMs, killSignal: 'SIGKILL', signal } as const;
  const program = run(command, args, { ...limits, env });
  // It may be gone before its input is closed.
  program.child.stdin?.on('error', () => undefined).end();
  return (await program).stdout;
};
