/** promtool, built once from this folder's Go module into the user's cache. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { goTool } from '../support/go-tool.ts';

/** Its path. The first build takes minutes. */
export function promtool(): Promise<string> {
  return goTool({
    name: 'promtool',
    command: 'github.com/prometheus/prometheus/cmd/promtool',
    folder: import.meta.dirname,
  });
}

export interface Verdict {
  readonly status: number | null;
  /** stdout and stderr. */
  readonly said: string;
}

/** What it says of some files, or of what it is given to read. */
export async function verdictOf(
  tool: string,
  args: readonly string[],
  input = '',
): Promise<Verdict> {
  const child = spawn(tool, args, { stdio: 'pipe' });
  child.stdin.end(input);
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, said: (await said).join('') };
}
