/** Programs that a story or the cluster calls. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** How a program has ended, and what it has said. */
export interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function outcomeOf(file: string, args: readonly string[], input = ''): Promise<Said> {
  const child = spawn(file, args, { stdio: 'pipe' });
  child.stdin.on('error', () => {}); // it need not read it
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { status: child.exitCode ?? -1, stdout, stderr };
}

/** Its stdout. Throws what it has said when it fails. */
export async function tool(file: string, args: readonly string[], input = ''): Promise<string> {
  const { status, stdout, stderr } = await outcomeOf(file, args, input);
  if (status === 0) return stdout;
  throw new Error(`${file} ${args.join(' ')} ended with ${String(status)}\n${stderr}${stdout}`);
}
