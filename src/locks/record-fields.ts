/** The fields of a record as they are written, and what may be believed of those that others have written. */
import type { LeaderRecord } from '../election/lock.ts';
import type { JsonObject } from '../kube/json.ts';
import { formatMicroTime, parseMicroTime } from '../kube/micro-time.ts';

/** The server keeps duration and transitions of a Lease as int32, and refuses what does not fit. */
export const maxInt32 = 2 ** 31 - 1;

/**
 * A record, with the number of its transitions under that name. Null is never written: some electors cannot read it.
 * Undefined leaves the field out.
 */
export function fieldsOf(record: LeaderRecord, transitionsName: string): JsonObject {
  const { leaseDurationMs, acquireTimeUs, renewTimeUs } = record;
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: leaseDurationMs && Math.ceil(leaseDurationMs / 1_000),
    acquireTime: acquireTimeUs === undefined ? undefined : formatMicroTime(acquireTimeUs),
    renewTime: renewTimeUs === undefined ? undefined : formatMicroTime(renewTimeUs),
    [transitionsName]: Math.min(record.transitions, maxInt32),
  };
}

/** Others write null or leave fields out. What is not there, or makes no sense, is not known. */
export function recordFrom(
  fields: JsonObject,
  given: { holder: string; seconds: unknown; transitions: unknown },
): LeaderRecord {
  const { holder, seconds, transitions } = given;
  const isDuration = typeof seconds === 'number' && seconds > 0 && seconds <= maxInt32;
  return {
    holder,
    leaseDurationMs: isDuration ? seconds * 1_000 : undefined,
    acquireTimeUs: parseMicroTime(fields['acquireTime']),
    renewTimeUs: parseMicroTime(fields['renewTime']),
    transitions: isCount(transitions) ? transitions : 0,
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
