import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

/** Where the kubelet mounts a pod's credentials; within the namespace anybody may write there. */
export const serviceAccountDir = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A command line that runs `argv` with an empty /run of its own. */
export function inMountNamespace(argv: readonly string[]): [string, ...string[]] {
  const script = `mount -t tmpfs tmpfs /run && mkdir -p '${serviceAccountDir}' && exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', ...argv];
}

/** A command line that runs `argv` in a pod of its own: with the service account in that folder. */
export function asPod(folder: string, argv: readonly string[]): string[] {
  const script = `mount --bind "$1" '${serviceAccountDir}' && shift && exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', folder, ...argv];
}

export interface ServiceAccount {
  readonly token: string;
  readonly caFile: string;
  readonly namespace: string;
}

/** Makes the folder what the kubelet mounts. */
export function writeServiceAccount(folder: string, account: ServiceAccount): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'token'), account.token);
  writeFileSync(join(folder, 'namespace'), account.namespace);
  copyFileSync(account.caFile, join(folder, 'ca.crt'));
}

/** When and on what, for the reader of a table. */
export function circumstances(command: string): string {
  const processors = cpus();
  const model = processors[0]?.model ?? 'an unknown processor';
  const load = loadavg().map((average) => average.toFixed(1));
  return [
    `\`${command}\`, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC,`,
    `Node ${process.versions.node}, ${String(processors.length)} × ${model},`,
    `load average ${load.join(' ')} at the end.`,
  ].join(' ');
}
