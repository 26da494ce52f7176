/**
 * What the leader writes down, and what its death looks like in the status of its Pod. Pure.
 *
 * The leader writes one line with a mark, a word that no other process has ever used, into its container's termination
 * message, and names Pod, uid, container and mark in the Lease. The kubelet copies that message into the status when that
 * instance of the container has ended, and only then. It keeps the last 4,096 bytes of the file, and of those the first
 * 12 KiB divided by the number of containers.
 *
 * So the death is certain when the same Pod, by name and uid, shows a terminated instance of the same container with that
 * very line in its message. A Pod that is gone, failed, evicted or on a lost node shows no such thing.
 */
import { isObject, type JsonObject } from '../kube/json.ts';
import { parseMicroTime } from '../locks/record-fields.ts';

/** Where a leader lives. */
export interface Dwelling {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
  readonly mark: string;
}

/** From the facts of a home; undefined when they are not of that kind. */
export function dwellingIn(facts: Readonly<Record<string, string>>): Dwelling | undefined {
  const { namespace, pod, uid, container, mark } = facts;
  if (!namespace || !pod || !uid || !container || !mark) return undefined;
  return { namespace, pod, uid, container, mark };
}

/** The line that certifies; it names what people can look up. */
export function lineOf(mark: string): string {
  return `k8s-leader takeover-on-exit ${mark}`;
}

export function hasLine(text: string, mark: string): boolean {
  return text.split('\n').includes(lineOf(mark));
}

/** The end of a container that was certified. */
export interface Ended {
  /** By the clock of the node, in whole seconds. */
  readonly atUs: number | undefined;
}

/** Whether this Pod, as the server shows it, proves that everything which that leader has started is gone. */
export function endCertifiedBy(
  object: unknown,
  { namespace, pod, uid, container, mark }: Dwelling,
): Ended | undefined {
  const { metadata, spec, status } = parts(object);
  if (metadata['uid'] !== uid || metadata['name'] !== pod) return undefined;
  if (metadata['namespace'] !== namespace || sharesProcesses(spec, container)) return undefined;
  const [ended] = statusesIn(status)
    .filter(({ name }) => name === container)
    .flatMap(({ state, lastState }) => [sure(state), sure(lastState)])
    .map(({ terminated }) => sure(terminated))
    .filter(({ message }) => typeof message === 'string' && hasLine(message, mark));
  return ended && { atUs: parseMicroTime(ended['finishedAt']) };
}

/** Whether it is that leader's Pod, so that there is nothing more to come when it is deleted. */
export function isHome(object: unknown, { uid }: Dwelling): boolean {
  return parts(object).metadata['uid'] === uid;
}

function parts(object: unknown): Record<'metadata' | 'spec' | 'status', JsonObject> {
  const { metadata, spec, status } = isObject(object) ? object : {};
  return { metadata: sure(metadata), spec: sure(spec), status: sure(status) };
}

function sure(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** Then the end of a container proves nothing. The leader should have seen that itself (`container.ts`). */
function sharesProcesses(spec: JsonObject, container: string): boolean {
  if (spec['shareProcessNamespace'] === true || spec['hostPID'] === true) return true;
  return listIn(spec, 'ephemeralContainers').some(
    ({ name, targetContainerName: target }) => name === container && Boolean(target),
  );
}

function statusesIn(status: JsonObject): readonly JsonObject[] {
  return ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].flatMap(
    (list) => listIn(status, list),
  );
}

function listIn(object: JsonObject, name: string): readonly JsonObject[] {
  const list = object[name];
  return Array.isArray(list) ? list.filter(isObject) : [];
}
