/** A program of somebody else's Go module, built once into the user's cache: a folder's go.mod pins it as a `tool`. */
import { join } from 'node:path';
import { builtOnce, runTool } from '../interop/support/built-once.ts';

export interface GoTool {
  /** Of the program, and of its folder in the cache. */
  readonly name: string;
  /** The import path of its `main`. */
  readonly command: string;
  /** Has the go.mod and go.sum. */
  readonly folder: string;
}

/** Its path. The first build takes minutes. */
export async function goTool({ name, command, folder: cwd }: GoTool): Promise<string> {
  const go = { file: 'go', absent: `the tests with ${name} need Go: https://go.dev/dl` };
  const folder = await builtOnce({
    name,
    sources: [join(cwd, 'go.mod'), join(cwd, 'go.sum')],
    world: '',
    async make(target) {
      const how = ['-mod=readonly', '-trimpath', '-ldflags', '-s -w'];
      await runTool(go, ['build', ...how, '-o', `${target}/`, command], {
        cwd,
        env: { CGO_ENABLED: '0', GOWORK: 'off' },
      });
    },
  });
  return join(folder, name);
}
