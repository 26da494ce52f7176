/**
 * The record as JSON in an annotation, as client-go up to 1.23, the Python packages `kubernetes` and
 * `kubernetes_asyncio`, Java and C# keep it on any object.
 *
 *     no annotation, or an empty one ──▶ nobody has ever led: free
 *     {"holderIdentity": …} ───────────▶ that record
 *     anything else ───────────────────▶ held by somebody unknown, for our own duration: never free
 *
 * Times are written in RFC 3339 with microseconds, and so come back with those by which a process knows its own writes
 * (R7). client-go writes whole seconds and reads any fraction (`time.Parse` with `time.RFC3339`); the Python
 * electors take times for mere text that changes or does not. Whoever writes the record in their own form has made it
 * theirs. client-go compares the bytes of two looks: no two renewals of ours are alike. Two of its own within a second
 * are, and the second is then no new version: we may take it for up to a second older than it is. What it keeps between
 * its renew deadline and its lease duration must cover that.
 *
 * The Python electors write numbers as text, and `str(datetime)` without a zone. On whose clock it is nobody knows, so
 * such a time is not known: taken for UTC it may lie hours ahead, and `--try` would take a dead holder for a live one.
 * All of them take a record that lacks its holder, duration or a time for a free one, so a claim always has all four.
 */
import type { LeaderRecord } from '../election/lock.ts';
import { isObject, parseJson, type JsonObject } from '../kube/json.ts';
import { fieldsOf, recordFrom } from './record-fields.ts';

/** For the annotation of which nobody can tell what it means. */
export const unknownHolder = 'somebody unknown, the annotation is not a leader election record';

/** What an annotation says. Undefined, null and '' stand for none. */
export function parseRecord(annotation: unknown): LeaderRecord {
  if (annotation === undefined || annotation === null || annotation === '')
    return recordFrom({}, { holder: '', seconds: undefined, transitions: undefined });
  const fields = fieldsIn(annotation);
  const { holderIdentity: holder } = fields ?? {};
  if (!fields || !isHolder(holder))
    return recordFrom({}, { holder: unknownHolder, seconds: undefined, transitions: undefined });
  const { leaseDurationSeconds, leaderTransitions } = fields;
  return recordFrom(fields, {
    holder: holder ?? '',
    seconds: numberFrom(leaseDurationSeconds),
    transitions: numberFrom(leaderTransitions),
  });
}

/** The text of an annotation that says `record`. Fields that are not ours stay as they were in the one `before`. */
export function formatRecord(record: LeaderRecord, before: unknown): string {
  const ours = fieldsOf(record, 'leaderTransitions');
  try {
    return JSON.stringify({ ...fieldsIn(before), ...ours });
  } catch {
    // Deeper than JSON.stringify can go, which JSON.parse does not mind.
    return JSON.stringify(ours);
  }
}

function fieldsIn(annotation: unknown): JsonObject | undefined {
  const parsed = typeof annotation === 'string' ? parseJson(annotation) : undefined;
  return isObject(parsed) ? parsed : undefined;
}

function isHolder(value: unknown): value is string | null | undefined {
  return value === undefined || value === null || typeof value === 'string';
}

function numberFrom(value: unknown): unknown {
  const isNumber = typeof value === 'string' && /^\d{1,15}(?:\.\d{1,9})?$/.test(value);
  return isNumber ? Number(value) : value;
}
