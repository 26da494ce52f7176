/** `k8s-leader list`: every Lease of a namespace or of the cluster, who holds it and for how long. */
import { accessFlags, readCommandLine, type Spelling } from '../cli/command-line.ts';
import * as convert from '../cli/conversions.ts';
import { choices, type Output } from '../cli/flags.ts';
import type { Environment } from '../cli/settings.ts';
import { choose, placeOptions, requestTimeoutMs, type PlaceOptions } from '../cli/place-options.ts';
import { UsageError, lockError } from '../errors.ts';
import type { Exit } from '../exit-code.ts';
import { leasesAt } from '../locks/leases.ts';
import { print } from '../print.ts';
import { userAgent, type Call } from './call.ts';
import { asJson, reportOn, type LockStatus } from './status-report.ts';
import { locksTable } from './table.ts';
import { yamlOf } from './yaml.ts';

export interface ListOptions extends PlaceOptions {
  readonly allNamespaces: boolean;
  readonly output: Output;
  readonly requestTimeoutMs: number;
}

export const spelling: Spelling<'all-namespaces' | 'output'> = {
  name: 'list',
  usage: '[options]',
  description: 'Lists the Leases of a namespace, who holds them, and since when.',
  shared: ['namespace', 'kubeconfig', 'context', ...accessFlags, 'request-timeout'],
  about: {
    namespace: "namespace to list (default: $POD_NAMESPACE, the pod's, or the context's)",
    'request-timeout': 'timeout of one request (default: 5s)',
  },
  own: {
    'all-namespaces': [
      '-A, --all-namespaces',
      'all namespaces but kube-node-lease, where each node has a Lease',
    ],
    output: ['-o, --output <FORMAT>', 'text, wide, json or yaml (default: text)'],
  },
  epilogue: `
Leases of other electors are listed too. "expired" is by this machine's clock,
and only a hint. Needs the verb "list" on leases.

Examples:
  k8s-leader list -A
  k8s-leader list -n jobs -o json | jq -r '.[] | select(.state != "held").lock'`,
};

/** @throws {UsageError} */
export function listOptions(
  argv: readonly string[],
  env: Environment,
): ListOptions | { readonly text: string } {
  const line = readCommandLine(spelling, argv, env);
  if (line.kind === 'text') return line;
  const { settings, own } = line;
  const allNamespaces = convert.isOn(own['all-namespaces']);
  if (allNamespaces && settings.namespace?.from.startsWith('-'))
    throw new UsageError('--all-namespaces and --namespace exclude each other', 'leave one out');
  return {
    ...placeOptions(settings),
    allNamespaces,
    output: choose(own.output, choices.output),
    requestTimeoutMs: requestTimeoutMs(settings),
  };
}

export async function run({ argv, help, env, stdout, signal }: Call): Promise<Exit> {
  const options = listOptions(argv, env);
  if ('text' in options) return help(options.text);
  const { chooseNamespace, loadCluster } = await import('../kube/config.ts');
  const { connect } = await import('../kube/connection.ts');
  const cluster = await loadCluster({ ...options, env, signal });
  const flag = options.namespace;
  const namespace = options.allNamespaces
    ? undefined
    : chooseNamespace({ flag, env, cluster: cluster.namespace });
  const connection = connect(cluster, { ...options, userAgent });
  try {
    const found = await leasesAt({ connection, namespace }, signal).catch((thrown: unknown) => {
      throw lockError(namespace ?? 'all namespaces', thrown);
    });
    const wallMs = Date.now();
    const rows = found.map(({ name, namespace: at, seen }) =>
      reportOn({ lock: name, namespace: at, lockKind: 'lease' }, seen, wallMs),
    );
    return print(stdout, await shown(rows, options, wallMs));
  } finally {
    connection.close();
  }
}

async function shown(
  rows: readonly LockStatus[],
  { output, allNamespaces }: ListOptions,
  wallMs: number,
): Promise<string> {
  if (output === 'json') return asJson(rows, 2);
  if (output === 'yaml') return yamlOf(rows);
  return locksTable(rows, { withNamespace: allNamespaces, isWide: output === 'wide', wallMs });
}
