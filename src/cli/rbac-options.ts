import { UsageError } from '../errors.ts';
import { lockNameProblem } from '../names.ts';
import { readCommandLine, type Spelling } from './command-line.ts';
import * as convert from './conversions.ts';
import type { Environment } from './environment.ts';
import { named, placeOptions, read, type LockKind } from './place-options.ts';
import { wantsEvents } from './run-options.ts';
import { refusal, type Setting } from './setting.ts';

/** Whose permissions `rbac` is to print. */
export interface RbacOptions {
  readonly lock: string;
  readonly lockKind: LockKind;
  /** Left out of the manifests when undefined, so that whoever applies them chooses. */
  readonly namespace: string | undefined;
  /** One that exists; undefined: one is to be made, named as the lock. */
  readonly serviceAccount: string | undefined;
  readonly events: boolean;
  readonly podLabel: boolean;
  /** The only Pods that are to be labelled; undefined: whichever are in the namespace. */
  readonly podNames: readonly string[] | undefined;
}

type Own = 'service-account' | 'pod-names';

export const rbacSpelling: Spelling<Own> = {
  name: 'rbac',
  usage: '--lock NAME [options]',
  description: 'Prints the minimal permissions for candidates of a lock, as YAML.',
  shared: ['lock', 'namespace', 'lock-kind', 'events', 'no-events', 'pod-label'],
  about: {
    lock: 'lock they compete for (required)',
    namespace: 'namespace of the lock (default: $POD_NAMESPACE, else kubectl decides)',
    events: 'they run with --events (default)',
    'no-events': 'they run with --no-events',
    'pod-label': 'they run with --pod-label',
  },
  own: {
    'service-account': [
      '--service-account <NAME>',
      'existing account (default: create one named after the lock)',
    ],
    'pod-names': [
      '--pod-names <NAMES>',
      'with --pod-label: their Pods if known, such as db-0,db-1 (default: any)',
    ],
  },
  epilogue: `
Prints a Role, a RoleBinding and, unless it exists, the ServiceAccount. Sends
nothing. "create" is the only verb on the lock that RBAC cannot limit by name.

Examples:
  k8s-leader rbac --lock my-app -n jobs | kubectl apply -f -
  k8s-leader rbac --lock my-app --service-account worker > role.yaml`,
};

/** @throws {UsageError} */
export function rbacOptions(
  argv: readonly string[],
  env: Environment,
): RbacOptions | { readonly text: string } {
  const line = readCommandLine(rbacSpelling, argv, env);
  if (line.kind === 'text') return line;
  const { settings, own } = line;
  const { lock, lockKind, namespace } = placeOptions(settings);
  return {
    lock: named(lock),
    lockKind,
    namespace: namespace ?? fromPod(env),
    serviceAccount: read(own['service-account'], accountName, undefined),
    events: wantsEvents(settings, 'kubernetes'),
    podLabel: read(settings['pod-label'], convert.podLabel, undefined) !== undefined,
    podNames: podNamesOf(own['pod-names'], settings['pod-label']),
  };
}

function podNamesOf(
  names: Setting | undefined,
  podLabel: Setting | undefined,
): RbacOptions['podNames'] {
  if (names === undefined) return undefined;
  if (podLabel === undefined)
    throw new UsageError('--pod-names needs --pod-label', 'add --pod-label KEY');
  const each = names.text.split(',');
  if (each.every((name) => lockNameProblem(name) === undefined)) return each;
  throw refusal(names, 'not names of Pods, joined by commas', 'for example --pod-names db-0,db-1');
}

function fromPod(env: Environment): string | undefined {
  const text = env['POD_NAMESPACE'] ?? '';
  return text === '' ? undefined : convert.namespaceName({ from: 'POD_NAMESPACE', text });
}

function accountName(setting: Parameters<typeof convert.lockName>[0]): string {
  try {
    return convert.lockName(setting);
  } catch {
    throw refusal(
      setting,
      "not the name of a service account: lower-case letters, digits, '-' and '.'",
      'for example --service-account worker',
    );
  }
}
