/**
 * A Go program, built once into the user's cache: somebody else's, which a folder's go.mod pins as a `tool`, or one of ours
 * on top of such modules.
 */
import { join } from 'node:path';
import { builtOnce, runTool } from '../interop/support/built-once.ts';

export interface GoTool {
  /** Of the program, and of its folder in the cache. */
  readonly name: string;
  /** The import path of its `main`; `.` for the module in the folder itself. */
  readonly command: string;
  /** Has the go.mod and go.sum. */
  readonly folder: string;
  /** What else in the folder it is made from. */
  readonly sources?: readonly string[];
}

/** Its path. The first build takes minutes. */
export async function goTool({
  name,
  command,
  folder: cwd,
  sources = [],
}: GoTool): Promise<string> {
  const go = { file: 'go', absent: `the tests with ${name} need Go: https://go.dev/dl` };
  const folder = await builtOnce({
    name,
    sources: ['go.mod', 'go.sum', ...sources].map((file) => join(cwd, file)),
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
