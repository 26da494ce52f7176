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
import { historyFields, termsIn } from './history-fields.ts';
import { formatMicroTime, parseMicroTime } from './record-fields.ts';

export const stepDownAnnotation = 'k8s-leader.dev/step-down';
export const doneAnnotation = 'k8s-leader.dev/once';
export const historyAnnotation = 'k8s-leader.dev/history';
export const homeAnnotation = 'k8s-leader.dev/container';

export function notesIn(annotations: JsonObject): Notes {
  const stepDown = readStepDown(annotations[stepDownAnnotation]);
  const done = readDone(annotations[doneAnnotation]);
  const history = readHistory(annotations[historyAnnotation]);
  const home = readHome(annotations[homeAnnotation]);
  return {
    ...(stepDown ? { stepDown } : {}),
    ...(done ? { done } : {}),
    ...(history ? { history } : {}),
    ...(home ? { home } : {}),
  };
}

/** The annotations with these notes; the same ones when they say so already. */
export function withNotes(annotations: JsonObject, notes: Notes): JsonObject {
  const before = notesIn(annotations);
  // These two are of one term and go with it. What is said of the others stays.
  const { stepDown, home, done = before.done, history = before.history } = notes;
  const changes = {
    ...change(stepDownAnnotation, before.stepDown, stepDown, termFields),
    ...change(homeAnnotation, before.home, home, (it) => ({ ...termFields(it), ...it.facts })),
    ...change(doneAnnotation, before.done, done, (keys) => keys),
    ...change(historyAnnotation, before.history, history, historyFields),
  };
  return Object.keys(changes).length === 0 ? annotations : { ...annotations, ...changes };
}

/** What is to be written of a note, undefined to remove it; nothing when it says so already. */
function change<N>(
  annotation: string,
  before: N | undefined,
  note: N | undefined,
  fields: (note: N) => unknown,
): JsonObject {
  if (isSame(note, before)) return {};
  return { [annotation]: note && JSON.stringify(fields(note)) };
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

const readStepDown = readingOnce(stepDownIn);
const readDone = readingOnce(keysIn);
const readHistory = readingOnce(termsIn);
const readHome = readingOnce(homeIn);

/** Reads a note from its annotation. Each renewal carries it along, and seldom does it change: the same text is read once. */
function readingOnce<N>(noteIn: (value: unknown) => N): (annotation: unknown) => N {
  let latest: { readonly text: string; readonly note: N } | undefined;
  return (annotation) => {
    if (typeof annotation !== 'string') return noteIn(undefined);
    if (latest?.text !== annotation)
      latest = { text: annotation, note: noteIn(parseJson(annotation)) };
    return latest.note;
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
