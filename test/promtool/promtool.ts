/** promtool, built once from this folder's Go module into the user's cache. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { builtOnce, runTool, type Tool } from '../interop/support/built-once.ts';

const go: Tool = { file: 'go', absent: 'the tests of metrics need Go: https://go.dev/dl' };
const here = (file: string): string => join(import.meta.dirname, file);
const command = 'github.com/prometheus/prometheus/cmd/promtool';

/** Its path. The first build takes minutes. */
export async function promtool(): Promise<string> {
  const folder = await builtOnce({
    name: 'promtool',
    sources: [here('go.mod'), here('go.sum')],
    world: '',
    async make(target) {
      const how = ['-mod=readonly', '-trimpath', '-ldflags', '-s -w'];
      await runTool(go, ['build', ...how, '-o', `${target}/`, command], {
        cwd: import.meta.dirname,
        env: { CGO_ENABLED: '0', GOWORK: 'off' },
      });
    },
  });
  return join(folder, 'promtool');
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
