/** What BuildKit makes of a Dockerfile; the program that asks it is built once, from this folder, into the user's cache. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { builtOnce, runTool, type Tool } from '../interop/support/built-once.ts';

const go: Tool = { file: 'go', absent: 'the tests of the Dockerfile need Go: https://go.dev/dl' };

/** Of the image that would come out. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
}

export interface Run {
  readonly folder: string;
  readonly run: string;
}

export interface Copy {
  /** The stage that is copied from; without one: the folder that is built. */
  readonly from?: string;
  readonly sources: readonly string[];
  /** Absolute; with a slash at its end where the copies go into that folder. */
  readonly to: string;
}

export interface Dockerfile {
  readonly warnings: readonly {
    readonly rule: string;
    readonly detail: string;
    readonly line: number;
  }[];
  readonly config: ImageConfig;
  readonly stages: readonly {
    readonly name: string;
    readonly base: string;
    readonly steps: readonly (Run | Copy)[];
  }[];
}

/** Reads the Dockerfile and .dockerignore of a folder. */
export async function dockerfileOf(folder: string): Promise<Dockerfile> {
  const { stdout } = await promisify(execFile)(await reader(), [folder]);
  return JSON.parse(stdout) as Dockerfile;
}

async function reader(): Promise<string> {
  const cwd = import.meta.dirname;
  const folder = await builtOnce({
    name: 'dockerfile',
    sources: ['go.mod', 'go.sum', 'main.go'].map((file) => join(cwd, file)),
    world: '',
    async make(target) {
      const how = ['-mod=readonly', '-trimpath', '-ldflags', '-s -w'];
      await runTool(go, ['build', ...how, '-o', `${target}/dockerfile`, '.'], {
        cwd,
        env: { CGO_ENABLED: '0', GOWORK: 'off' },
      });
    },
  });
  return join(folder, 'dockerfile');
}
