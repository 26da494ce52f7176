/** `k8s-leader fence`: the policies with which the API server refuses the writes of a former leader, as YAML. */
import { readCommandLine, type Spelling } from '../cli/command-line.ts';
import { choose, named, placeOptions, read } from '../cli/place-options.ts';
import { type Environment, show } from '../cli/settings.ts';
import { UsageError } from '../errors.ts';
import type { Exit } from '../exit-code.ts';
import { print } from '../print.ts';
import type { Call } from './call.ts';
import { fenceForms, fenceName, fencePolicy, isLock, type FencePlan } from './fence-policy.ts';
import { fencedResources, namespacesOf, verbsOf } from './fenced-resources.ts';
import { accountName, fromPod } from './rbac.ts';
import { yamlOf } from './yaml.ts';

type Own = 'for' | 'by' | 'service-account' | 'verbs' | 'in';

export const spelling: Spelling<Own> = {
  name: 'fence',
  usage: '--lock NAME --for RESOURCES [options]',
  description: 'Prints a policy by which the API server refuses writes of former leaders, as YAML.',
  shared: ['lock', 'namespace', 'lock-kind'],
  about: {
    lock: 'lock whose leader may write (required)',
    namespace: 'namespace of the lock (default: $POD_NAMESPACE)',
  },
  own: {
    for: [
      '--for <RESOURCES>',
      'what the leader writes, such as deployments.apps,configmaps (required)',
    ],
    by: [
      '--by <FORM>',
      "identity: the writer's Pod must lead; token: an annotation must not fall (default: identity)",
    ],
    'service-account': [
      '--service-account <NAME>',
      "the candidates' account (default: the lock's name)",
    ],
    verbs: [
      '--verbs <VERBS>',
      'create, update (and patch), delete, connect (default: create,update,delete; by token create,update)',
    ],
    in: [
      '--in <NAMESPACES>',
      "namespaces that the leader writes to, * for all (default: the lock's)",
    ],
  },
  epilogue: `
Prints a ValidatingAdmissionPolicy and its binding (Kubernetes 1.30 or newer),
by identity also the lock. Sends nothing. An administrator must apply them,
because policies are objects of the whole cluster.

  identity  needs no change to CMD. Needs bound tokens, as Pods have them, and
            the default --identity. A change of leader takes effect after some
            10 ms on each API server.
  token     CMD must set the annotation k8s-leader.dev/fencing-token of what it
            writes to $LEADER_FENCING_TOKEN. Takes effect at once, everywhere.

Examples:
  k8s-leader fence --lock my-app -n jobs --for configmaps | kubectl apply -f -
  k8s-leader fence --lock my-app -n jobs --for deployments.apps --by token`,
};

/** @throws {UsageError} */
export function fenceOptions(
  argv: readonly string[],
  env: Environment,
): FencePlan | { readonly text: string } {
  const line = readCommandLine(spelling, argv, env);
  if (line.kind === 'text') return line;
  const { settings, own } = line;
  const place = placeOptions(settings);
  const lock = named(place.lock);
  const { lockKind } = place;
  const namespace = place.namespace ?? fromPod(env);
  if (namespace === undefined)
    throw new UsageError(
      'the namespace of the lock is not known, and a policy needs it',
      'add --namespace NS',
    );
  if (own.for === undefined)
    throw new UsageError(
      'nothing to fence given',
      'add --for RESOURCES, for example --for deployments.apps,configmaps',
    );
  const by = choose(own.by, fenceForms);
  if (by === 'identity' && lockKind.includes('+'))
    throw new UsageError(
      `--lock-kind '${lockKind}': a policy can look at one object only`,
      `use --lock-kind ${lockKind.replace('+', ' or ')}, or --by token`,
    );
  const plan = {
    lock,
    lockKind,
    namespace,
    serviceAccount: read(own['service-account'], accountName, lock),
    by,
    resources: fencedResources(own.for, by),
    verbs: verbsOf(own.verbs, by),
    within: read(own.in, namespacesOf, [namespace]),
  };
  if (by === 'identity' && plan.resources.some((fenced) => isLock(fenced, lockKind)))
    throw new UsageError(
      `${show(own.for)} includes the kind of the lock, which nobody could create again once it was deleted`,
      'leave it out, use another --lock-kind, or --by token',
    );
  if (fenceName(plan).length > 253)
    throw new UsageError(
      'the names of lock and namespace are too long for the name of a policy',
      `a lock name of at most ${String(253 - fenceName({ ...plan, lock: '' }).length)} characters works`,
    );
  return plan;
}

export async function run({ argv, help, env, stdout }: Call): Promise<Exit> {
  const options = fenceOptions(argv, env);
  if ('text' in options) return help(options.text);
  return print(stdout, await yamlOf(...fencePolicy(options)));
}
