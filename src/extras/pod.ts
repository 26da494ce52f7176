/**
 * One label of one Pod, read and written on a version. Every write also changes an annotation, so that it really is a
 * change: the server stores nothing, and keeps the version, when a patch says what is there already. With it, whatever
 * was sent before on an older version and is still on its way meets a conflict.
 */
import { LockFault } from '../election/lock.ts';
import { UsageError } from '../errors.ts';
import { answerFault, reasonOf, type Action } from '../kube/answer.ts';
import type { Env } from '../kube/cluster.ts';
import type { Connection } from '../kube/connection.ts';
import type { Answer } from '../kube/exchange.ts';
import { isObject } from '../kube/json.ts';
import { chooseNamespace } from '../kube/config.ts';
import { hostname } from '../platform/machine.ts';

/** A label, as `--pod-label` gives it. */
export interface Label {
  readonly key: string;
  readonly value: string;
}

interface PodAddress {
  readonly namespace: string;
  readonly name: string;
}

/** A Pod at a version that the server has told. */
interface SeenPod {
  readonly version: string;
}

/** The annotation that changes with every write. */
const writeAnnotation = 'k8s-leader.dev/label-write';

/** One label of a Pod. Beyond network faults it throws what {@link answerFault} makes of an answer. */
export interface LabelledPod {
  /** @throws {LockFault} `unsupported` when there is no such Pod */
  read(signal: AbortSignal): Promise<SeenPod>;
  /** Undefined when the Pod was no longer at that version. `mark` is a word that was never used before. */
  write(
    basis: SeenPod,
    to: { readonly isSet: boolean; readonly mark: string },
    signal: AbortSignal,
  ): Promise<SeenPod | undefined>;
}

export function labelledPod(
  connection: Connection,
  { namespace, name }: PodAddress,
  { key, value }: Label,
): LabelledPod {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
  const fault = (verb: Action['verb'], answer: Answer): LockFault => {
    if (answer.status === 404 && reasonOf(answer) === 'NotFound')
      return new LockFault('unsupported', `there is no Pod "${name}" in namespace "${namespace}"`, {
        hint: 'POD_NAME and POD_NAMESPACE must name the own Pod',
      });
    const action: Action = { verb, apiGroup: '', resource: 'pods', name, namespace };
    return answerFault(answer, action, connection.cluster);
  };
  return {
    async read(signal) {
      const answer = await connection.request({ method: 'GET', path, signal });
      if (answer.status !== 200) throw fault('get', answer);
      return seenIn(answer);
    },
    async write({ version: resourceVersion }, { isSet, mark }, signal) {
      const labels = { [key]: isSet ? value : null };
      const metadata = { resourceVersion, labels, annotations: { [writeAnnotation]: mark } };
      const answer = await connection.request({
        method: 'PATCH',
        path,
        body: { metadata },
        signal,
      });
      if (answer.status === 409) return undefined;
      if (answer.status !== 200) throw fault('patch', answer);
      return seenIn(answer);
    },
  };
}

function seenIn({ body }: Answer): SeenPod {
  const metadata = isObject(body) && isObject(body['metadata']) ? body['metadata'] : {};
  const { resourceVersion: version } = metadata;
  if (typeof version === 'string' && version !== '') return { version };
  throw new LockFault('unreachable', 'the answer is not a well-formed Pod');
}

/**
 * The Pod that this process runs in, where the Downward API says so; else, in a pod, the one with the name of
 * the host, which is the Pod's unless its spec sets another.
 * @throws {UsageError} when nothing says which Pod this is
 */
export function ownPod(env: Env, configured: string | undefined): PodAddress {
  const name = env['POD_NAME'] || (env['KUBERNETES_SERVICE_HOST'] ? hostname() : '');
  if (name === '')
    throw new UsageError(
      '--pod-label needs to know which Pod this is, and this is no pod',
      'set POD_NAME and POD_NAMESPACE, in a pod by fieldRef, or leave --pod-label out',
    );
  return { name, namespace: chooseNamespace({ flag: undefined, env, cluster: configured }) };
}
