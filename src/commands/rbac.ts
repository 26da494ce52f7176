/** `k8s-leader rbac`: manifests that grant a candidate what it needs, and nothing else. */
import { readCommandLine, type Spelling } from '../cli/command-line.ts';
import * as convert from '../cli/conversions.ts';
import { named, placeOptions, read } from '../cli/place-options.ts';
import { wantsEvents } from '../cli/run-options.ts';
import { type Environment, refusal, type Setting } from '../cli/settings.ts';
import { UsageError } from '../errors.ts';
import type { Exit } from '../exit-code.ts';
import { lockNameProblem } from '../names.ts';
import { print } from '../print.ts';
import type { Call } from './call.ts';
import { needsOf, type Need, type NeedOptions } from './permissions.ts';
import { yamlOf } from './yaml.ts';

/** Whose permissions to print. */
export interface RbacOptions extends NeedOptions {
  /** Undefined: the manifests have none, so that kubectl chooses. */
  readonly namespace: string | undefined;
  /** One that exists; undefined: print one, too, named after the lock. */
  readonly serviceAccount: string | undefined;
}

type Own = 'service-account' | 'pod-names' | 'doctor';

export const spelling: Spelling<Own> = {
  name: 'rbac',
  usage: '--lock NAME [options]',
  description: 'Prints the minimal permissions for candidates of a lock, as YAML.',
  shared: [
    'lock',
    'namespace',
    'lock-kind',
    'events',
    'no-events',
    'owner',
    'pod-label',
    'takeover-on-exit',
  ],
  about: {
    lock: 'lock they compete for (required)',
    namespace: 'namespace of the lock (default: $POD_NAMESPACE, else kubectl decides)',
    events: 'they run with --events (default)',
    'no-events': 'they run with --no-events',
    owner: 'they run with --owner KIND/NAME',
    'pod-label': 'they run with --pod-label',
    'takeover-on-exit': 'they run with --takeover-on-exit',
  },
  own: {
    'service-account': [
      '--service-account <NAME>',
      'existing account (default: create one named after the lock)',
    ],
    'pod-names': [
      '--pod-names <NAMES>',
      'with --pod-label or --takeover-on-exit: their Pods if known, such as db-0,db-1 (default: any)',
    ],
    doctor: ['--doctor', 'let doctor see the Pod too, to check its grace period'],
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
  const line = readCommandLine(spelling, argv, env);
  if (line.kind === 'text') return line;
  const { settings, own } = line;
  const { lock, lockKind, namespace } = placeOptions(settings);
  const podLabel = read(settings['pod-label'], convert.podLabel, undefined) !== undefined;
  const takeoverOnExit = convert.isOn(settings['takeover-on-exit']);
  return {
    lock: named(lock),
    lockKind,
    namespace: namespace ?? fromPod(env),
    serviceAccount: read(own['service-account'], accountName, undefined),
    events: wantsEvents(settings, 'kubernetes'),
    owner: read(settings.owner, convert.owner, undefined),
    podLabel,
    takeoverOnExit,
    podNames: podNamesOf(own['pod-names'], podLabel || takeoverOnExit),
    doctor: own.doctor !== undefined,
  };
}

function podNamesOf(names: Setting | undefined, areNeeded: boolean): NeedOptions['podNames'] {
  if (names === undefined) return undefined;
  if (!areNeeded)
    throw new UsageError(
      '--pod-names needs --pod-label or --takeover-on-exit',
      'add --pod-label KEY',
    );
  const each = names.text.split(',');
  if (each.every((name) => lockNameProblem(name) === undefined)) return each;
  throw refusal(names, 'not names of Pods, joined by commas', 'for example --pod-names db-0,db-1');
}

/** What the Downward API says. */
export function fromPod(env: Environment): string | undefined {
  const text = env['POD_NAMESPACE'] ?? '';
  return text === '' ? undefined : convert.namespaceName({ from: 'POD_NAMESPACE', text });
}

/** @throws {UsageError} */
export function accountName(setting: Parameters<typeof convert.lockName>[0]): string {
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

export async function run({ argv, help, env, stdout }: Call): Promise<Exit> {
  const options = rbacOptions(argv, env);
  if ('text' in options) return help(options.text);
  return print(stdout, await asYaml(options));
}

/** A rule of a Role. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The rules of a Role, one for all verbs on the same object. */
export function rulesFrom(needs: readonly Need[]): Rule[] {
  const together = Map.groupBy(needs, ({ apiGroup, resource, name }) =>
    [apiGroup, resource, name ?? ''].join('/'),
  );
  return [...together.values()].flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const { apiGroup, resource, name } = first;
    return {
      apiGroups: [apiGroup],
      resources: [resource],
      ...(name === undefined ? {} : { resourceNames: [name] }),
      verbs: same.map(({ verb }) => verb),
    };
  });
}

/** The objects to apply. */
export function manifests(options: RbacOptions): Record<string, unknown>[] {
  const { lock, serviceAccount = lock } = options;
  const inNamespace = options.namespace === undefined ? {} : { namespace: options.namespace };
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: `${lock}-lock`, ...inNamespace };
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: serviceAccount, ...inNamespace },
  };
  return [
    ...(options.serviceAccount === undefined ? [account] : []),
    { apiVersion: `${apiGroup}/v1`, kind: 'Role', metadata, rules: rulesFrom(needsOf(options)) },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, ...inNamespace }],
    },
  ];
}

/** What is granted on more Pods than needed. */
function anyPod({ podLabel, takeoverOnExit, podNames, doctor = false }: RbacOptions): string {
  const verbs = [
    ...(podLabel || doctor ? ['get'] : []),
    ...(podLabel ? ['patch'] : []),
    ...(takeoverOnExit ? ['watch'] : []),
  ];
  if (podNames || verbs.length === 0) return '';
  const list = verbs.join(', ').replace(/, (\w+)$/, ' and $1');
  const limit =
    podLabel || takeoverOnExit
      ? '# namespace. --pod-names limits them, for example to those of a StatefulSet.\n'
      : '# namespace.\n';
  return (
    `# Which Pods these will be is not known: ${list} ${verbs.length > 1 ? 'are' : 'is'} for every Pod of the\n` +
    limit
  );
}

/** The same as one YAML stream. */
export async function asYaml(options: RbacOptions): Promise<string> {
  const documents = await yamlOf(...manifests(options));
  return anyPod(options) + documents;
}
