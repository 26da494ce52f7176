/** The two that are compared: our wrapper, and a plain one made with client-go. */
import { program } from '../test/support/program-under-test.ts';
import { goPrograms } from '../test/interop/support/programs.ts';

export interface Timing {
  readonly lease: `${number}s`;
  readonly renew: `${number}s`;
  readonly retry: `${number}s`;
}

/** Both have the same defaults. */
export const byDefault: Timing = { lease: '15s', renew: '10s', retry: '2s' };
export const short: Timing = { lease: '3s', renew: '2s', retry: '0.5s' };

export interface Run {
  readonly lock: string;
  readonly command: readonly string[];
  readonly timing?: Timing;
  /** By default the configuration of the pod. */
  readonly kubeconfig?: string;
}

export interface Contestant {
  readonly name: 'ours' | 'theirs';
  commandLine(run: Run): string[];
}

export interface Contestants {
  readonly ours: Contestant;
  readonly theirs: Contestant;
}

export async function contestants(): Promise<Contestants> {
  const { wrapper } = await goPrograms();
  return {
    ours: {
      name: 'ours',
      commandLine: ({ lock, command, timing = byDefault, kubeconfig }) => [
        ...[...program, 'run', '--lock', lock],
        ...['--lease-duration', timing.lease, '--renew-deadline', timing.renew],
        ...['--retry-period', timing.retry],
        ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
        ...['--', ...command],
      ],
    },
    theirs: {
      name: 'theirs',
      commandLine: ({ lock, command, timing = byDefault, kubeconfig }) => [
        ...[wrapper, '--name', lock, '--namespace', namespace],
        ...['--lease', timing.lease, '--renew', timing.renew, '--retry', timing.retry],
        ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
        ...['--', ...command],
      ],
    },
  };
}

/** Where all Leases are. */
export const namespace = 'bench';
