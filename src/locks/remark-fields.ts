/**
 * Remarks as they are kept in annotations of their own, apart from any record: other electors carry annotations along
 * and need not understand them.
 *
 *     k8s-leader.dev/step-down: {"holderIdentity":"web-0_2f6b","acquireTime":"2026-11-21T09:00:00.000001Z"}
 *     k8s-leader.dev/once: ["v41","v42"]
 *
 * What cannot be meant is taken for nothing. It stays until something is to be written there.
 */
import type { Remarks, Wish } from '../election/lock.ts';
import { mostKeys } from '../election/record.ts';
import { isObject, parseJson, type JsonObject } from '../kube/json.ts';
import { formatMicroTime, parseMicroTime } from './record-fields.ts';

export const wishAnnotation = 'k8s-leader.dev/step-down';
export const doneAnnotation = 'k8s-leader.dev/once';

export function remarksIn(annotations: JsonObject): Remarks {
  const wish = wishIn(parsed(annotations[wishAnnotation]));
  const done = keysIn(parsed(annotations[doneAnnotation]));
  return { ...(wish ? { wish } : {}), ...(done ? { done } : {}) };
}

/** The annotations with these remarks; the same ones when they say so already. */
export function withRemarks(annotations: JsonObject, { wish, done }: Remarks): JsonObject {
  const before = remarksIn(annotations);
  const changed = { ...annotations };
  if (wish === undefined) {
    if (before.wish) Reflect.deleteProperty(changed, wishAnnotation);
  } else if (!isSame(wish, before.wish)) {
    const { holder: holderIdentity, acquireTimeUs } = wish;
    const acquireTime = formatMicroTime(acquireTimeUs);
    changed[wishAnnotation] = JSON.stringify({ holderIdentity, acquireTime });
  }
  if (done !== undefined && !isSame(done, before.done))
    changed[doneAnnotation] = JSON.stringify(done);
  return isSame(changed, annotations) ? annotations : changed;
}

/** The latest of them; undefined when there are none. */
export function keysIn(value: unknown): readonly string[] | undefined {
  const keys = Array.isArray(value) ? value.filter((key) => typeof key === 'string') : [];
  return keys.length > 0 ? keys.slice(-mostKeys) : undefined;
}

function wishIn(value: unknown): Wish | undefined {
  if (!isObject(value)) return undefined;
  const { holderIdentity: holder } = value;
  const acquireTimeUs = parseMicroTime(value['acquireTime']);
  if (typeof holder !== 'string' || holder === '' || acquireTimeUs === undefined) return undefined;
  return { holder, acquireTimeUs };
}

function parsed(annotation: unknown): unknown {
  return typeof annotation === 'string' ? parseJson(annotation) : undefined;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
