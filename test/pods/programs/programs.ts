/** The programs that a node needs beside Debian's, each built once into the user's cache. */
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { controlPlaneBinaries } from '../../control-plane/binaries.ts';
import { builtOnce, runTool } from '../../interop/support/built-once.ts';

/** What one file holds, by the names that it is started as. */
export const nodePrograms = [
  'kubelet',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
] as const;

/** Folders with executables. */
export interface Programs {
  /** Of all `nodePrograms`. */
  readonly node: string;
  /** Of `stamp` and `pause`, which run in pods. */
  readonly stamp: string;
}

/** Takes some minutes the first time: Go compiles most of Kubernetes. */
export async function programs(): Promise<Programs> {
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  await controlPlaneBinaries(tell);
  return { node: await buildNode(), stamp: await buildStamp() };
}

/** With the flags of the control plane, whose compiled packages it takes from Go's cache. */
async function buildNode(): Promise<string> {
  const folder = join(import.meta.dirname, 'node');
  const sources = ['go.mod', 'go.sum', 'main.go'].map((file) => join(folder, file));
  const version = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(await readFile(sources[0]!, 'utf8'))?.[1];
  const flags = `-s -w -X k8s.io/component-base/version.gitVersion=${version ?? ''}`;
  const go = { file: 'go', absent: 'the tests in pods need Go: https://go.dev/dl' };
  return builtOnce({
    name: 'pods/node',
    sources,
    world: flags,
    async make(target) {
      const how = ['-mod=readonly', '-trimpath', '-ldflags', flags];
      await runTool(go, ['build', ...how, '-o', join(target, 'node'), '.'], {
        cwd: folder,
        env: { CGO_ENABLED: '0', GOWORK: 'off' },
      });
      for (const name of nodePrograms) await symlink('node', join(target, name));
    },
  });
}

function buildStamp(): Promise<string> {
  const folder = join(import.meta.dirname, 'stamp');
  const compiler = { file: 'cc', absent: 'the tests in pods need a C compiler' };
  const flags = ['-std=gnu17', '-O2', '-static', '-Wall', '-Wextra', '-Werror'];
  return builtOnce({
    name: 'pods/stamp',
    sources: ['stamp.c', 'pause.c'].map((file) => join(folder, file)),
    world: flags.join(' '),
    async make(target) {
      for (const name of ['stamp', 'pause'])
        await runTool(compiler, [...flags, '-o', join(target, name), join(folder, `${name}.c`)]);
    },
  });
}
