/** The real Kustomize, and what it makes of a folder. */
import { execFile } from 'node:child_process';
import { goTool } from '../support/go-tool.ts';

/** Its path. The first build takes half a minute. */
export function kustomize(): Promise<string> {
  return goTool({
    name: 'kustomize',
    command: 'sigs.k8s.io/kustomize/kustomize/v5',
    folder: import.meta.dirname,
  });
}

/** What `kustomize build FOLDER` prints. Fails with what it says. */
export function rendered(tool: string, folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(tool, ['build', folder], (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim(), { cause: error }));
      else resolve(stdout);
    });
  });
}
