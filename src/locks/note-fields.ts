/**
 * Notes as they are kept in annotations of their own, apart from any record: other electors carry annotations along
 * and need not understand them.
 *
 *     k8s-leader.dev/step-down: {"holderIdentity":"web-0_2f6b","acquireTime":"2026-11-21T09:00:00.000001Z"}
 *     k8s-leader.dev/once: ["v41","v42"]
 *     k8s-leader.dev/history: [{"holder":"web-0_2f6b","since":"…","until":"…","ended":"released","exitStatus":0}]
 *     k8s-leader.dev/container: {"holderIdentity":"web-0_2f6b","acquireTime":"…","pod":"web-0","uid":"…",…}
 *
 * What cannot be meant is taken for nothing. It stays until something is to be written there.
 */
import type { Home, Notes, StepDownRequest } from '../election/lock.ts';
import { mostKeys } from '../election/record.ts';
import { isObject, parseJson, type JsonObject } from '../kube/json.ts';
import { historyText, termsIn } from './history-fields.ts';
import { formatMicroTime, parseMicroTime } from './record-fields.ts';

export const stepDownAnnotation = 'k8s-leader.dev/step-down';
export const doneAnnotation = 'k8s-leader.dev/once';
export const historyAnnotation = 'k8s-leader.dev/history';
export const homeAnnotation = 'k8s-leader.dev/container';

export function notesIn(annotations: JsonObject): Notes {
  const stepDown = stepDownIn(parsed(annotations[stepDownAnnotation]));
  const done = keysIn(parsed(annotations[doneAnnotation]));
  const history = termsIn(parsed(annotations[historyAnnotation]));
  const home = homeIn(parsed(annotations[homeAnnotation]));
  return {
    ...(stepDown ? { stepDown } : {}),
    ...(done ? { done } : {}),
    ...(history ? { history } : {}),
    ...(home ? { home } : {}),
  };
}

/** The annotations with these notes; the same ones when they say so already. */
export function withNotes(annotations: JsonObject, notes: Notes): JsonObject {
  const { stepDown, done, history, home } = notes;
  const before = notesIn(annotations);
  const changed = { ...annotations };
  if (stepDown === undefined) {
    if (before.stepDown) Reflect.deleteProperty(changed, stepDownAnnotation);
  } else if (!isSame(stepDown, before.stepDown)) {
    changed[stepDownAnnotation] = JSON.stringify(termFields(stepDown));
  }
  if (home === undefined) {
    if (before.home) Reflect.deleteProperty(changed, homeAnnotation);
  } else if (!isSame(home, before.home)) {
    changed[homeAnnotation] = JSON.stringify({ ...termFields(home), ...home.facts });
  }
  if (done !== undefined && !isSame(done, before.done))
    changed[doneAnnotation] = JSON.stringify(done);
  if (history !== undefined && !isSame(history, before.history))
    changed[historyAnnotation] = historyText(history);
  return isSame(changed, annotations) ? annotations : changed;
}

/** The latest of them; undefined when there are none. */
export function keysIn(value: unknown): readonly string[] | undefined {
  const keys = Array.isArray(value) ? value.filter((key) => typeof key === 'string') : [];
  return keys.length > 0 ? keys.slice(-mostKeys) : undefined;
}

/** Which term it is for. */
function termFields({ holder: holderIdentity, acquireTimeUs }: StepDownRequest): JsonObject {
  return { holderIdentity, acquireTime: formatMicroTime(acquireTimeUs) };
}

function homeIn(value: unknown): Home | undefined {
  const term = stepDownIn(value);
  if (!term || !isObject(value)) return undefined;
  const facts = Object.entries(value).filter(
    ([name, fact]) => typeof fact === 'string' && !(name in termFields(term)),
  );
  return { ...term, facts: Object.fromEntries(facts) as Home['facts'] };
}

function stepDownIn(value: unknown): StepDownRequest | undefined {
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
