import { cpus, loadavg } from 'node:os';

/** Where the kubelet mounts a pod's credentials; within the namespace anybody may write there. */
export const serviceAccountDir = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A command line that runs `argv` with an empty /run of its own. */
export function inMountNamespace(argv: readonly string[]): [string, ...string[]] {
  const script = `mount -t tmpfs tmpfs /run && mkdir -p '${serviceAccountDir}' && exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', ...argv];
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
