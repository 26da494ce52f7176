/** What BuildKit makes of a Dockerfile; the program that asks it is built once, from this folder. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { goTool } from '../support/go-tool.ts';

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
  const reader = await goTool({
    name: 'dockerfile',
    command: '.',
    folder: import.meta.dirname,
    sources: ['main.go'],
  });
  const { stdout } = await promisify(execFile)(reader, [folder]);
  return JSON.parse(stdout) as Dockerfile;
}
