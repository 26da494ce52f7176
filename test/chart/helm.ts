/** The real Helm, and what it makes of packaging/chart. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectsIn, type Rendered } from '../kustomize/deployment.ts';
import { goTool } from '../support/go-tool.ts';

export const chart = join(import.meta.dirname, '../../packaging/chart');

/** What a worker must say. */
export const worker = [
  '--set',
  'image.repository=worker,image.tag=1',
  '--set',
  'command={./worker}',
];

/** What Helm prints; fails with what it says. The first call builds it, which takes two minutes. */
export async function helm(args: readonly string[], kubeconfig?: string): Promise<string> {
  const file = await goTool({
    name: 'helm',
    command: 'helm.sh/helm/v3/cmd/helm',
    folder: import.meta.dirname,
  });
  const home = mkdtempSync(join(tmpdir(), 'k8s-leader-helm-'));
  const env = { HOME: home, PATH: process.env['PATH'], KUBECONFIG: kubeconfig ?? '/dev/null' };
  try {
    return await new Promise((resolve, reject) => {
      execFile(file, args, { env }, (error, stdout, stderr) => {
        if (error) reject(new Error(stderr.trim() || stdout.trim(), { cause: error }));
        else resolve(stdout);
      });
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The objects of the release `mail` in the namespace `jobs`. */
export async function rendered(values: readonly string[] = []): Promise<Rendered[]> {
  // Helm takes an old server for granted unless its build says otherwise.
  const server = ['--kube-version', '1.36.0', '--namespace', 'jobs'];
  return objectsIn(await helm(['template', 'mail', chart, ...server, ...worker, ...values]));
}
